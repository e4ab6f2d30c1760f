// SPDX-License-Identifier: Apache-2.0

// Package component holds the programs of a Kubernetes control plane, each as
// the upstream command's main function would run it, in one binary: six
// binaries would be 500 MB and take as long to link again.
package component

import (
	"flag"
	"os"
	_ "time/tzdata" // CronJobs with a timeZone

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/etcdmain"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // kubectl's login plugins
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	_ "k8s.io/component-base/logs/json/register"          // --logging-format=json
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // client-go's metrics
	_ "k8s.io/component-base/metrics/prometheus/version"  // the version metric
	kubectl "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	kcm "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kwokconfig "sigs.k8s.io/kwok/pkg/config"
	kwok "sigs.k8s.io/kwok/pkg/kwok/cmd"
	kwoklog "sigs.k8s.io/kwok/pkg/log"
	"sigs.k8s.io/kwok/pkg/utils/signals"
)

// Names of the components as Lookup knows them.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
	Kubectl           = "kubectl"
	Kwok              = "kwok"
)

// Lookup returns the main function of the named component. It reads os.Args,
// whose first element has to be the component's name, and may end the process.
func Lookup(name string) (run func(args []string), ok bool) {
	switch name {
	case Etcd:
		return etcdmain.Main, true
	case APIServer:
		return command(func() *cobra.Command { return apiserver.NewAPIServerCommand() }), true
	case ControllerManager:
		return command(func() *cobra.Command { return kcm.NewControllerManagerCommand() }), true
	case Scheduler:
		return command(func() *cobra.Command { return scheduler.NewSchedulerCommand() }), true
	case Kubectl:
		return runKubectl, true
	case Kwok:
		return runKwok, true
	}
	return nil, false
}

func command(build func() *cobra.Command) func([]string) {
	return func([]string) { os.Exit(cli.Run(build())) }
}

func runKubectl(args []string) {
	// The verbosity counts while the command tree is built, before flags are read.
	_, _ = logs.GlogSetter(kubectl.GetLogVerbosity(args))
	if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
		kubectlutil.CheckErr(err)
	}
}

func runKwok([]string) {
	// component-base has put a "version" flag on the global sets, which would
	// collide with the one kwok's command makes for itself.
	pflag.CommandLine = pflag.NewFlagSet(Kwok, pflag.ContinueOnError)
	flag.CommandLine = flag.NewFlagSet(Kwok, flag.ContinueOnError)

	globals := pflag.NewFlagSet("global", pflag.ContinueOnError)
	globals.ParseErrorsAllowlist.UnknownFlags = true
	globals.Usage = func() {}

	ctx, logger := kwoklog.InitFlags(signals.SetupSignalContext(), globals)
	ctx, err := kwokconfig.InitFlags(ctx, globals)
	if err != nil {
		logger.Error("Read kwok's configuration", "err", err)
		os.Exit(1)
	}
	cmd := kwok.NewCommand(ctx)
	cmd.PersistentFlags().AddFlagSet(globals)
	if err := cmd.ExecuteContext(ctx); err != nil {
		logger.Error("Run kwok", "err", err)
		os.Exit(1)
	}
}
