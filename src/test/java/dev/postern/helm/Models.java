package dev.postern.helm;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import com.google.gson.annotations.SerializedName;
import io.swagger.annotations.ApiModelProperty;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/// Kubernetes' own models, made from its API's description: what they don't know, or know under
/// another type, the API server refuses or, worse, drops.
///
/// The newest version checks by itself. The oldest one can't yet; its classes tell the fields and
/// their types, which are then looked through here. It has a class loader of its own, since one
/// class path holds one version.
final class Models {

    private static final String PACKAGE = "io.kubernetes.client.openapi.models.";
    private static final Set<String> NOT_KUBERNETES = Set.of("monitoring.coreos.com/v1");
    private static final Path OLD_JARS = Chart.HOME.resolve("target/kubernetes");

    private Models() {}

    static boolean isOfKubernetes(JsonNode object) {
        return !NOT_KUBERNETES.contains(object.path("apiVersion").asText());
    }

    /// Returns what the newest version has against an object; empty: nothing.
    static List<String> newest(JsonNode object) throws ReflectiveOperationException {
        return newest(object, Models.class.getClassLoader().loadClass(className(object)));
    }

    /// Returns what the oldest version has against an object; empty: nothing.
    static List<String> oldest(JsonNode object) throws IOException {
        List<String> problems = new ArrayList<>();
        try (OldLoader loader = new OldLoader(oldJars())) {
            Class<?> model = loader.loadClass(className(object));
            check(object, model, object.path("kind").asText(), problems);
        } catch (ClassNotFoundException e) {
            problems.add("unknown kind: " + e.getMessage());
        }
        return problems;
    }

    private static List<String> newest(JsonNode object, Class<?> model)
            throws ReflectiveOperationException {
        try {
            model.getMethod("validateJsonElement", JsonElement.class)
                    .invoke(null, JsonParser.parseString(object.toString()));
            model.getMethod("fromJson", String.class).invoke(null, object.toString());
            return List.of();
        } catch (InvocationTargetException e) {
            return List.of(String.valueOf(e.getCause()));
        }
    }

    /// Returns such as `V1beta1MutatingAdmissionPolicy` for that kind and
    /// `admissionregistration.k8s.io/v1beta1`.
    private static String className(JsonNode object) {
        String version = object.path("apiVersion").asText();
        version = version.substring(version.lastIndexOf('/') + 1);
        return PACKAGE
                + version.substring(0, 1).toUpperCase(Locale.ROOT)
                + version.substring(1)
                + object.path("kind").asText();
    }

    private static URL[] oldJars() throws IOException {
        try (Stream<Path> files = Files.list(OLD_JARS)) {
            List<URL> urls = new ArrayList<>();
            for (Path file : files.toList()) {
                urls.add(file.toUri().toURL());
            }
            return urls.toArray(URL[]::new);
        }
    }

    private static void check(JsonNode node, Type type, String path, List<String> problems) {
        if (type instanceof ParameterizedType generic) {
            checkAll(node, generic, path, problems);
        } else if (((Class<?>) type).getName().startsWith(PACKAGE)) {
            checkFields(node, (Class<?>) type, path, problems);
        } else if (!fits(node, (Class<?>) type)) {
            problems.add(path + " is no " + ((Class<?>) type).getSimpleName() + ": " + node);
        }
    }

    private static boolean fits(JsonNode node, Class<?> type) {
        return switch (type.getSimpleName()) {
            case "String", "byte[]", "OffsetDateTime" -> node.isTextual();
            case "Integer", "Long" -> node.isIntegralNumber();
            case "Double" -> node.isNumber();
            case "Boolean" -> node.isBoolean();
            case "IntOrString" -> node.isTextual() || node.isIntegralNumber();
            case "Quantity" -> node.isTextual() || node.isNumber();
            case "Object" -> true;
            default -> throw new IllegalStateException("a type that nobody thought of: " + type);
        };
    }

    private static void checkAll(
            JsonNode node, ParameterizedType type, String path, List<String> problems) {
        Type[] arguments = type.getActualTypeArguments();
        if (type.getRawType() == List.class && node.isArray()) {
            for (int i = 0; i < node.size(); i++) {
                check(node.get(i), arguments[0], path + "[" + i + "]", problems);
            }
        } else if (type.getRawType() == Map.class && node.isObject()) {
            node.properties()
                    .forEach(entry ->
                            check(
                                    entry.getValue(),
                                    arguments[1],
                                    path + "." + entry.getKey(),
                                    problems));
        } else {
            problems.add(path + " is no " + type + ": " + node);
        }
    }

    private static void checkFields(
            JsonNode node, Class<?> model, String path, List<String> problems) {
        if (!node.isObject()) {
            problems.add(path + " is no object: " + node);
            return;
        }
        Map<String, Field> fields = new HashMap<>();
        for (Field field : model.getDeclaredFields()) {
            SerializedName name = field.getAnnotation(SerializedName.class);
            if (name != null) {
                fields.put(name.value(), field);
                if (!node.has(name.value()) && required(model, field)) {
                    problems.add(path + "." + name.value() + " is missing");
                }
            }
        }
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            String inner = path + "." + entry.getKey();
            Field field = fields.get(entry.getKey());
            if (field == null) {
                problems.add(inner + " is unknown");
            } else {
                check(entry.getValue(), field.getGenericType(), inner, problems);
            }
        }
    }

    private static boolean required(Class<?> model, Field field) {
        for (Method method : model.getMethods()) {
            ApiModelProperty property = method.getAnnotation(ApiModelProperty.class);
            if (property != null && method.getName().equalsIgnoreCase("get" + field.getName())) {
                return property.required();
            }
        }
        return false;
    }

    /// Loads the client's classes by itself and everything else as usual.
    private static final class OldLoader extends URLClassLoader {

        OldLoader(URL[] jars) {
            super(jars, Models.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith("io.kubernetes.client.")) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                return loaded == null ? findClass(name) : loaded;
            }
        }
    }
}
