// Command client asks Argo CD's plugin server what the repo-server asks it, and prints the answer as JSON.
//
//	client SOCKET match|parameters|generate REPOSITORY APPLICATION TIMEOUT [NAME=VALUE|@FILE...]
//
// @FILE is the manifest of an Application: its plugin's variables are built as the repo-server builds them.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/argoproj/argo-cd/v2/cmpserver/apiclient"
	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v2/util/cmp"
	"sigs.k8s.io/yaml"
)

func main() {
	if err := ask(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func ask(arguments []string) error {
	if len(arguments) < 5 {
		return fmt.Errorf("write SOCKET, what to ask, REPOSITORY, APPLICATION and TIMEOUT")
	}
	socket, what, repository, application := arguments[0], arguments[1], arguments[2], arguments[3]
	env, err := variables(arguments[5:])
	if err != nil {
		return err
	}
	limit, err := time.ParseDuration(arguments[4])
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	connection, client, err := apiclient.NewConfigManagementPluginClientSet(socket).NewConfigManagementPluginClient()
	if err != nil {
		return err
	}
	defer connection.Close()
	answer, err := call(ctx, client, what, repository, application, env)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(answer)
}

func variables(arguments []string) ([]string, error) {
	var env []string
	for _, argument := range arguments {
		file, is := strings.CutPrefix(argument, "@")
		if !is {
			env = append(env, argument)
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var application v1alpha1.Application
		if err := yaml.UnmarshalStrict(text, &application); err != nil {
			return nil, err
		}
		plugin := application.Spec.Source.Plugin
		for _, entry := range plugin.Env {
			env = append(env, "ARGOCD_ENV_"+entry.Name+"="+entry.Value)
		}
		parameters, err := plugin.Parameters.Environ()
		if err != nil {
			return nil, err
		}
		env = append(env, parameters...)
	}
	return env, nil
}

func call(ctx context.Context, client apiclient.ConfigManagementPluginServiceClient, what, repository, application string, env []string) (any, error) {
	switch what {
	case "match":
		stream, err := client.MatchRepository(ctx)
		if err != nil {
			return nil, err
		}
		if err := cmp.SendRepoStream(ctx, application, repository, stream, env, nil); err != nil {
			return nil, err
		}
		return stream.CloseAndRecv()
	case "parameters":
		stream, err := client.GetParametersAnnouncement(ctx)
		if err != nil {
			return nil, err
		}
		if err := cmp.SendRepoStream(ctx, application, repository, stream, env, nil); err != nil {
			return nil, err
		}
		return stream.CloseAndRecv()
	case "generate":
		stream, err := client.GenerateManifest(ctx)
		if err != nil {
			return nil, err
		}
		if err := cmp.SendRepoStream(ctx, application, repository, stream, env, nil); err != nil {
			return nil, err
		}
		return stream.CloseAndRecv()
	}
	return nil, fmt.Errorf("cannot ask %q", what)
}
