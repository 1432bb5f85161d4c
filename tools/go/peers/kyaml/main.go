// Command kyaml is a KRM function on kustomize's own library, to compare krm-otel with: it appends the same variables to
// the same containers, and does nothing else. With the argument `identity` it reads and writes, without a change.
package main

import (
	"fmt"
	"os"

	"krm-otel.tools/peers/variables"
	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

func main() {
	process := inject
	if len(os.Args) > 1 && os.Args[1] == "identity" {
		process = func(*framework.ResourceList) error { return nil }
	}
	if err := framework.Execute(framework.ResourceListProcessorFunc(process), nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func inject(list *framework.ResourceList) error {
	for _, item := range list.Items {
		class := item.GetAnnotations(variables.ClassAnnotation)[variables.ClassAnnotation]
		if item.GetKind() != "Deployment" || class == "" {
			continue
		}
		containers, err := item.Pipe(yaml.Lookup("spec", "template", "spec", "containers"))
		if err != nil {
			return err
		}
		err = containers.VisitElements(func(container *yaml.RNode) error {
			env, err := container.Pipe(yaml.LookupCreate(yaml.SequenceNode, "env"))
			if err != nil {
				return err
			}
			name := yaml.GetValue(container.Field("name").Value)
			for _, variable := range variables.Of(class, item.GetName(), name) {
				if err := env.PipeE(yaml.Append(entry(variable))); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func entry(variable variables.Variable) *yaml.Node {
	if variable.FieldPath == "" {
		return mapping("name", scalar(variable.Name), "value", quoted(variable.Value))
	}
	field := mapping("fieldRef", mapping("fieldPath", scalar(variable.FieldPath)))
	return mapping("name", scalar(variable.Name), "valueFrom", field)
}

func scalar(value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: yaml.NodeTagString, Value: value}
}

func quoted(value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: yaml.NodeTagString, Value: value, Style: yaml.DoubleQuotedStyle}
}

// mapping takes keys and values in turn.
func mapping(pairs ...any) *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode, Tag: yaml.NodeTagMap}
	for i := 0; i < len(pairs); i += 2 {
		node.Content = append(node.Content, scalar(pairs[i].(string)), pairs[i+1].(*yaml.Node))
	}
	return node
}
