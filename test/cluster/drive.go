// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubewake/kubewake/test/cluster/workload"
)

// drive plays the workload against a cluster and prints a summary as JSON.
func drive(ctx context.Context, args []string) error {
	var config workload.Config
	f := flag.NewFlagSet("testcluster drive", flag.ContinueOnError)
	kubeconfig := f.String("kubeconfig", os.Getenv("KUBECONFIG"), "an administrator's kubeconfig `file`")
	f.Uint64Var(&config.Seed, "seed", 1, "the same seed makes the same choices")
	f.DurationVar(&config.Duration, "duration", time.Minute, "how long new scenarios begin; those under way are finished")
	f.IntVar(&config.Concurrency, "concurrency", 20, "how many scenarios run at once")
	names := f.String("scenarios", "", "`names` of scenarios, separated by commas; default: all. They are: "+strings.Join(workload.Names(), " "))
	f.BoolVar(&config.Each, "each", false, "play every scenario once instead")
	f.BoolVar(&config.Quiet, "quiet", false, "leave reads out of the ground truth")
	out := f.String("out", "", "`file` for the ground truth, one JSON line per request; default: none")
	strict := f.Bool("strict", false, "fail if a scenario does not come to its end")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *names != "" {
		config.Scenarios = strings.Split(*names, ",")
	}
	var err error
	if config.Cluster, err = clientcmd.BuildConfigFromFlags("", *kubeconfig); err != nil {
		return fmt.Errorf("read the kubeconfig: %w", err)
	}
	if *out != "" {
		file, err := os.Create(*out)
		if err != nil {
			return err
		}
		defer file.Close()
		config.Truth = file
	}
	summary, err := workload.Run(ctx, config)
	if err != nil {
		return err
	}
	printer := json.NewEncoder(os.Stdout)
	printer.SetIndent("", "  ")
	if err := printer.Encode(summary); err != nil {
		return err
	}
	if *strict && len(summary.Failed) > 0 {
		return errors.New(summary.Failed[0])
	}
	return nil
}
