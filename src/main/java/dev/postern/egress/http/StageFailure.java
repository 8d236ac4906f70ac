package dev.postern.egress.http;

import dev.postern.outcome.Stage;
import java.io.IOException;

/// A failure before the request, with where it happened.
final class StageFailure extends IOException {

    private static final long serialVersionUID = 1L;

    private final Stage stage;
    private final Exception failure;

    StageFailure(Stage stage, Exception failure) {
        super(failure);
        this.stage = stage;
        this.failure = failure;
    }

    Stage stage() {
        return stage;
    }

    Exception failure() {
        return failure;
    }
}
