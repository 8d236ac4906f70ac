package dev.postern.egress.http;

import java.io.IOException;

/// A failure before the request, with where it happened.
final class StageFailure extends IOException {

    private static final long serialVersionUID = 1L;

    private final HttpStage stage;
    private final Exception failure;

    StageFailure(HttpStage stage, Exception failure) {
        super(failure);
        this.stage = stage;
        this.failure = failure;
    }

    HttpStage stage() {
        return stage;
    }

    Exception failure() {
        return failure;
    }
}
