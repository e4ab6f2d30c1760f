package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// A shell that completes waits: what is not known by then is left out.
const (
	completeFor = 2 * time.Second
	completeMax = 5000
)

// complete registers the values of a flag that are asked for; nothing to offer is no error.
func (a *app) complete(command *cobra.Command, flag string, values func(*asker, string) []string) {
	// The error says that the flag does not exist, or was registered twice: the tests run every command.
	_ = command.RegisterFlagCompletionFunc(flag, func(c *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
		list := a.offered(c.Context(), func(_ context.Context, k *asker) []string { return values(k, prefix) })
		return startingWith(list, prefix), cobra.ShellCompDirectiveNoFileComp
	})
}

// completeWords registers the words of a flag that nobody is asked for. Behind a comma the next one is offered.
func completeWords(command *cobra.Command, flag string, words func() []string) {
	_ = command.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) { // as above
		var list []string
		before := typed[:strings.LastIndexByte(typed, ',')+1]
		for _, word := range words() {
			list = append(list, before+word)
		}
		return startingWith(list, typed), cobra.ShellCompDirectiveNoFileComp
	})
}

// offered asks quietly: an error offers nothing.
func (a *app) offered(ctx context.Context, list func(context.Context, *asker) []string) []string {
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, cancel := context.WithTimeout(ctx, completeFor)
	defer cancel()
	a.quiet = true
	var words []string
	err := a.ask(ctx, func(ctx context.Context, k *asker) error {
		words = list(ctx, k)
		return nil
	})
	if err != nil {
		return nil
	}
	return words
}

func startingWith(list []string, prefix string) []string {
	slices.Sort(list)
	return slices.DeleteFunc(slices.Compact(list), func(s string) bool { return !strings.HasPrefix(s, prefix) })
}

func (k *asker) clusters(string) []string {
	ctx, cancel := context.WithTimeout(context.Background(), completeFor)
	defer cancel()
	info, err := k.Info(ctx)
	if err != nil {
		return nil
	}
	var names []string
	for _, c := range info.Clusters {
		names = append(names, c.Name)
	}
	return names
}

func (k *asker) namespaces(prefix string) []string {
	ctx, cancel := context.WithTimeout(context.Background(), completeFor)
	defer cancel()
	return k.names(ctx, query.Objects{Cluster: record.Cluster(k.cluster), Kind: "namespaces", Name: prefix + "*", Limit: completeMax})
}

func (k *asker) names(ctx context.Context, q query.Objects) []string {
	var names []string
	for _, o := range k.list(ctx, q) {
		names = append(names, o.Name)
	}
	return names
}

func (k *asker) list(ctx context.Context, q query.Objects) []engine.ObjectEntry {
	found, err := k.Objects(ctx, q)
	if err != nil {
		return nil
	}
	return found.Objects
}

// kinds offers the resources that are recorded: "deployments", with the group where two have one name.
func (k *asker) kinds(ctx context.Context) []string {
	groups := map[string]map[string]bool{}
	for _, o := range k.list(ctx, query.Objects{Cluster: record.Cluster(k.cluster), Limit: completeMax}) {
		if groups[o.Resource] == nil {
			groups[o.Resource] = map[string]bool{}
		}
		groups[o.Resource][o.Group] = true
	}
	var words []string
	for resource, in := range groups {
		for group := range in {
			if len(in) > 1 && group != "" {
				words = append(words, resource+"."+group)
			} else {
				words = append(words, resource)
			}
		}
	}
	return words
}

// completeObject completes KIND/NAME and KIND NAME.
func (a *app) completeObject(o *objectFlags) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		kind, name, pair := strings.Cut(typed, "/")
		switch {
		case len(args) > 1 || (len(args) == 1 && strings.Contains(args[0], "/")):
			return nil, cobra.ShellCompDirectiveNoFileComp
		case len(args) == 1:
			kind, name, pair = args[0], typed, false
		case !pair:
			words := startingWith(a.offered(c.Context(), func(ctx context.Context, k *asker) []string { return k.kinds(ctx) }), typed)
			for i := range words {
				words[i] += "/"
			}
			return words, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
		}
		names := a.offered(c.Context(), func(ctx context.Context, k *asker) []string {
			return k.names(ctx, query.Objects{Cluster: record.Cluster(k.cluster), Kind: kind, Namespace: o.namespace, Name: name + "*", Limit: completeMax})
		})
		if pair {
			for i := range names {
				names[i] = kind + "/" + names[i]
			}
		}
		return startingWith(names, typed), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeKinds completes the first argument of a listing.
func (a *app) completeKinds(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	words := a.offered(c.Context(), func(ctx context.Context, k *asker) []string { return k.kinds(ctx) })
	return startingWith(words, typed), cobra.ShellCompDirectiveNoFileComp
}
