// Does to Knative Services and Configurations what Knative's webhook does to new ones, its settings at their defaults.
//
//	knative-admission [FEATURE=VALUE …] < manifests      YAML documents or JSON; features as in config-features
//
// Prints each object as the webhook leaves it, one line of JSON. What it refuses stands on standard error; exit code 1.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"knative.dev/pkg/apis"
	"knative.dev/pkg/webhook/json"
	"knative.dev/pkg/webhook/resourcesemantics"
	"knative.dev/serving/pkg/apis/config"
	v1 "knative.dev/serving/pkg/apis/serving/v1"
)

func main() {
	given := map[string]string{}
	for _, argument := range os.Args[1:] {
		name, value, _ := strings.Cut(argument, "=")
		given[name] = value
	}
	features, err := config.NewFeaturesConfigFromMap(given)
	if err != nil {
		log.Fatal(err)
	}
	ctx := config.ToContext(apis.WithinCreate(context.Background()), &config.Config{Features: features})

	code := 0
	for decoder := yaml.NewYAMLOrJSONDecoder(os.Stdin, 4096); ; {
		var document runtime.RawExtension
		switch err := decoder.Decode(&document); {
		case errors.Is(err, io.EOF):
			os.Exit(code)
		case err != nil:
			log.Fatal(err)
		case document.Raw == nil: // nothing stands between two separators
			continue
		}
		left, err := admit(ctx, document.Raw)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
			continue
		}
		fmt.Println(string(left))
	}
}

// admit gives the object as the webhook leaves it, or why it is refused.
func admit(ctx context.Context, document []byte) ([]byte, error) {
	var kind metav1.TypeMeta
	if err := json.Unmarshal(document, &kind); err != nil {
		return nil, err
	}
	var object resourcesemantics.GenericCRD
	switch kind.GroupVersionKind() {
	case v1.SchemeGroupVersion.WithKind("Service"):
		object = &v1.Service{}
	case v1.SchemeGroupVersion.WithKind("Configuration"):
		object = &v1.Configuration{}
	default:
		return nil, fmt.Errorf("%s: neither Service nor Configuration of %s", kind.GroupVersionKind(), v1.SchemeGroupVersion)
	}
	// The webhook itself leaves unknown fields to the schemas of the CRDs, which are not here.
	if err := json.Decode(document, object, true); err != nil {
		return nil, err
	}
	object.SetDefaults(ctx)
	// Returned as it is, a nil *FieldError would be an error that is not nil.
	if err := object.Validate(ctx).Filter(apis.ErrorLevel); err != nil {
		return nil, err
	}
	return json.Marshal(object)
}
