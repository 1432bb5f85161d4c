// Command fluxsubst does to a stream of manifests what Flux's kustomize-controller does with postBuild.substitute: it
// replaces variables (NAME=VALUE, the arguments) in every object that does not opt out.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/fluxcd/pkg/kustomize"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/provider"
)

func main() {
	if err := substitute(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func substitute(pairs []string) error {
	data, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	variables := map[string]any{}
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		variables[name] = value
	}
	kustomization := unstructured.Unstructured{Object: map[string]any{
		"spec": map[string]any{"postBuild": map[string]any{"substitute": variables}},
	}}
	resources, err := provider.NewDefaultDepProvider().GetResourceFactory().SliceFromBytes(data)
	if err != nil {
		return err
	}
	for _, resource := range resources {
		done, err := kustomize.SubstituteVariables(
			context.Background(), nil, kustomization, resource, kustomize.SubstituteWithDryRun(true))
		if err != nil {
			return fmt.Errorf("%s/%s: %w", resource.GetKind(), resource.GetName(), err)
		}
		if done != nil { // else it opted out
			resource = done
		}
		text, err := resource.AsYAML()
		if err != nil {
			return err
		}
		fmt.Printf("---\n%s", text)
	}
	return nil
}
