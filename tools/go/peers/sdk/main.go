// Command sdk is a KRM function on kpt's SDK, to compare krm-otel with: it appends the same variables to the same
// containers, and does nothing else. With the argument `identity` it reads and writes, without a change.
package main

import (
	"os"

	"github.com/kptdev/krm-functions-sdk/go/fn"
	"krm-otel.tools/peers/variables"
)

func main() {
	process := inject
	if len(os.Args) > 1 && os.Args[1] == "identity" {
		process = func(*fn.ResourceList) (bool, error) { return true, nil }
	}
	if err := fn.AsMain(fn.ResourceListProcessorFunc(process)); err != nil {
		os.Exit(1)
	}
}

func inject(list *fn.ResourceList) (bool, error) {
	for _, item := range list.Items {
		class := item.GetAnnotation(variables.ClassAnnotation)
		if item.GetKind() != "Deployment" || class == "" {
			continue
		}
		containers, _, err := item.NestedSlice("spec", "template", "spec", "containers")
		if err != nil {
			return false, err
		}
		for _, container := range containers {
			env := container.GetSlice("env")
			for _, variable := range variables.Of(class, item.GetName(), container.GetString("name")) {
				added, err := entry(variable)
				if err != nil {
					return false, err
				}
				env = append(env, added)
			}
			if err := container.SetSlice(env, "env"); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

func entry(variable variables.Variable) (*fn.SubObject, error) {
	added := &fn.NewEmptyKubeObject().SubObject
	if err := added.SetNestedString(variable.Name, "name"); err != nil {
		return nil, err
	}
	if variable.FieldPath == "" {
		return added, added.SetNestedString(variable.Value, "value")
	}
	return added, added.SetNestedString(variable.FieldPath, "valueFrom", "fieldRef", "fieldPath")
}
