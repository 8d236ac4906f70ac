package dev.postern.helm;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.flipkart.zjsonpatch.JsonPatch;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.StructProto;
import com.google.protobuf.Value;
import dev.cel.bundle.Cel;
import dev.cel.bundle.CelFactory;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelException;
import dev.cel.common.CelValidationResult;
import dev.cel.common.types.SimpleType;
import dev.cel.parser.CelStandardMacro;
import dev.cel.validator.CelValidator;
import dev.cel.validator.CelValidatorFactory;
import dev.cel.validator.validators.HomogeneousLiteralValidator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// A MutatingAdmissionPolicy with its bindings, evaluated as the API server does it: selectors,
/// then the match conditions, then variables and mutations, the expressions by a real CEL engine
/// under the option with which Kubernetes compiles them (homogeneous aggregate literals). The patch
/// passes through `google.protobuf.Value`, as it does there.
final class AdmissionPolicy {

    private static final String NAMESPACE_NAME = "kubernetes.io/metadata.name";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Descriptor PATCH = patchDescriptor();
    private static final Cel CEL =
            CelFactory.plannerCelBuilder()
                    .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
                    .addVar("object", SimpleType.DYN)
                    .addVar("variables", SimpleType.DYN)
                    .addMessageTypes(PATCH)
                    .build();
    private static final CelValidator HOMOGENEOUS =
            CelValidatorFactory.standardCelValidatorBuilder(CEL)
                    .addAstValidators(HomogeneousLiteralValidator.newInstance())
                    .build();

    private final JsonNode spec;
    private final List<JsonNode> bindings;

    AdmissionPolicy(List<JsonNode> objects) {
        this.spec = Chart.only(objects, "MutatingAdmissionPolicy").path("spec");
        this.bindings = Chart.all(objects, "MutatingAdmissionPolicyBinding");
    }

    /// Admits a new pod. Returns it as the policy changes it; empty: the policy leaves it alone.
    Optional<JsonNode> admit(JsonNode pod, String namespace, JsonNode namespaceLabels)
            throws CelException, JsonProcessingException {
        ObjectNode labels = namespaceLabels.deepCopy();
        labels.put(NAMESPACE_NAME, namespace);
        List<JsonNode> bound =
                bindings.stream()
                        .map(binding -> binding.at("/spec/matchResources"))
                        .filter(match -> matches(match, pod, labels))
                        .toList();
        if (bound.isEmpty()
                || !matches(spec.path("matchConstraints"), pod, labels)
                || !meetsConditions(pod)) {
            return Optional.empty();
        }
        if (bound.size() != 1) {
            throw new AssertionError("bound twice: " + bound);
        }
        return Optional.of(JSON.readTree(JsonPatch.apply(patch(pod), pod).toString()));
    }

    private static boolean matches(JsonNode resources, JsonNode pod, JsonNode namespaceLabels) {
        return Selectors.matches(resources.path("namespaceSelector"), namespaceLabels)
                && Selectors.matches(resources.path("objectSelector"), pod.at("/metadata/labels"));
    }

    private boolean meetsConditions(JsonNode pod) throws CelException {
        boolean meets = true;
        for (JsonNode condition : spec.path("matchConditions")) {
            meets &= (Boolean) evaluate(condition, Map.of("object", natively(pod)));
        }
        return meets;
    }

    private JsonNode patch(JsonNode pod) throws CelException {
        Map<String, Object> variables = new HashMap<>();
        Map<String, Object> scope = Map.of("object", natively(pod), "variables", variables);
        for (JsonNode variable : spec.path("variables")) {
            variables.put(variable.path("name").asText(), evaluate(variable, scope));
        }
        ArrayNode patch = JSON.createArrayNode();
        for (JsonNode mutation : spec.path("mutations")) {
            for (Object one : (List<?>) evaluate(mutation.path("jsonPatch"), scope)) {
                patch.add(operation((Message) one));
            }
        }
        return patch;
    }

    private static Object evaluate(JsonNode holder, Map<String, ?> scope) throws CelException {
        CelAbstractSyntaxTree expression = CEL.compile(holder.path("expression").asText()).getAst();
        CelValidationResult validated = HOMOGENEOUS.validate(expression);
        if (validated.hasError()) {
            throw new IllegalArgumentException(validated.getErrorString());
        }
        return CEL.createProgram(expression).eval(scope);
    }

    private static ObjectNode operation(Message patch) {
        ObjectNode operation = JSON.createObjectNode();
        for (FieldDescriptor field : PATCH.getFields()) {
            if (field.getName().equals("value")) {
                Message value = (Message) patch.getField(field);
                operation.set("value", json(asValue(value)));
            } else if (!patch.getField(field).equals("")) {
                operation.put(field.getName(), (String) patch.getField(field));
            }
        }
        return operation;
    }

    private static Value asValue(Message message) {
        try {
            return Value.parseFrom(message.toByteString());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException(e);
        }
    }

    private static JsonNode json(Value value) {
        return switch (value.getKindCase()) {
            case NUMBER_VALUE -> number(value.getNumberValue());
            case STRING_VALUE -> JSON.valueToTree(value.getStringValue());
            case BOOL_VALUE -> JSON.valueToTree(value.getBoolValue());
            case LIST_VALUE ->
                    JSON.valueToTree(
                            value.getListValue().getValuesList().stream()
                                    .map(AdmissionPolicy::json)
                                    .toList());
            case STRUCT_VALUE ->
                    JSON.valueToTree(
                            value.getStructValue().getFieldsMap().entrySet().stream()
                                    .collect(
                                            Collectors.toMap(
                                                    Map.Entry::getKey,
                                                    entry -> json(entry.getValue()))));
            case NULL_VALUE, KIND_NOT_SET -> throw new IllegalStateException("null: " + value);
        };
    }

    private static JsonNode number(double number) {
        long whole = (long) number;
        return whole == number ? JSON.valueToTree(whole) : JSON.valueToTree(number);
    }

    /// Returns what CEL takes for JSON, where a whole number is an `int`.
    private static Object natively(JsonNode node) {
        if (node.isObject()) {
            Map<String, Object> map = new HashMap<>();
            node.properties().forEach(entry -> map.put(entry.getKey(), natively(entry.getValue())));
            return map;
        }
        if (node.isArray()) {
            return Chart.stream(node).map(AdmissionPolicy::natively).toList();
        }
        if (node.isBoolean()) {
            return node.asBoolean();
        }
        return node.isIntegralNumber() ? (Object) node.asLong() : node.asText();
    }

    /// The type that Kubernetes gives to policies under this name.
    private static Descriptor patchDescriptor() {
        DescriptorProto.Builder patch = DescriptorProto.newBuilder().setName("JSONPatch");
        List<String> texts = List.of("op", "path", "from");
        for (String name : texts) {
            patch.addField(
                    field(name, patch.getFieldCount() + 1)
                            .setType(FieldDescriptorProto.Type.TYPE_STRING));
        }
        patch.addField(
                field("value", patch.getFieldCount() + 1)
                        .setType(FieldDescriptorProto.Type.TYPE_MESSAGE)
                        .setTypeName(".google.protobuf.Value"));
        FileDescriptorProto file =
                FileDescriptorProto.newBuilder()
                        .setName("patch.proto")
                        .setSyntax("proto3")
                        .addDependency("google/protobuf/struct.proto")
                        .addMessageType(patch)
                        .build();
        try {
            FileDescriptor[] dependencies = {StructProto.getDescriptor()};
            return FileDescriptor.buildFrom(file, dependencies).findMessageTypeByName("JSONPatch");
        } catch (DescriptorValidationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static FieldDescriptorProto.Builder field(String name, int number) {
        return FieldDescriptorProto.newBuilder()
                .setName(name)
                .setNumber(number)
                .setLabel(FieldDescriptorProto.Label.LABEL_OPTIONAL);
    }
}
