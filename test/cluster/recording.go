// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kubewake/kubewake/test/cluster/plane"
	"github.com/kubewake/kubewake/test/cluster/record"
	"github.com/kubewake/kubewake/test/cluster/workload"
)

// recordings makes the recordings that ship with the repository, unredacted.
func recordings(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("testcluster recordings", flag.ContinueOnError)
	out := f.String("out", "", "`directory` to write them below")
	// With 38 the bad image of the scenario deployment, which is the demo, is one that does not exist, and is waited for the longest.
	seed := f.Uint64("seed", 38, "the same seed makes the same choices")
	only := f.String("only", "", "`name` of the one to make; default: all")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *out == "" {
		return fmt.Errorf("-out DIR is needed")
	}
	alone := workload.Config{Seed: *seed, Concurrency: 1, Each: true, Scenarios: []string{"deployment"}, Namespace: "shop"}
	for _, r := range []struct {
		name, level string
		workload    workload.Config
	}{
		{"deployment", plane.LevelRequestResponse, alone},
		{"deployment-metadata", plane.LevelMetadata, alone},
		{"deployment-allstages", plane.LevelAll, alone},
		{"scenarios", plane.LevelRequestResponse, workload.Config{Seed: *seed, Concurrency: 1, Each: true}},
	} {
		if *only != "" && *only != r.name {
			continue
		}
		fmt.Fprintf(os.Stderr, "recording %s\n", r.name)
		summary, err := record.Run(ctx, record.Config{
			Dir: filepath.Join(*out, r.name), Plane: plane.Config{Audit: plane.Audit{Level: r.level}}, Workload: r.workload,
		})
		if err != nil {
			return fmt.Errorf("record %s: %w", r.name, err)
		}
		if err := json.NewEncoder(os.Stdout).Encode(summary); err != nil {
			return err
		}
		if len(summary.Failed) > 0 {
			return fmt.Errorf("record %s: %s", r.name, summary.Failed[0])
		}
	}
	return nil
}
