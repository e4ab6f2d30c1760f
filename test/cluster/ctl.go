// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/kubewake/kubewake/test/cluster/plane"
)

// ctl sends one action to the cluster that runs in a directory and prints the answer.
func ctl(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return errors.New("usage: testcluster ctl DIR ACTION [name=value...]; for example: ctl DIR kill name=kube-apiserver-0")
	}
	data, err := os.ReadFile(filepath.Join(args[0], "cluster.json"))
	if err != nil {
		return fmt.Errorf("no cluster runs in %s: %w", args[0], err)
	}
	var state plane.State
	if err := json.Unmarshal(data, &state); err != nil {
		return fmt.Errorf("read cluster.json: %w", err)
	}
	query := url.Values{}
	for _, arg := range args[2:] {
		name, value, ok := strings.Cut(arg, "=")
		if !ok {
			name, value = "name", arg
		}
		query.Add(name, value)
	}
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", state.Control)
		},
	}}
	target := url.URL{Scheme: "http", Host: "testcluster", Path: "/" + args[1], RawQuery: query.Encode()}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), http.NoBody)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		message, _ := io.ReadAll(io.LimitReader(response.Body, 1<<16))
		return fmt.Errorf("%s: %s", args[1], strings.TrimSpace(string(message)))
	}
	_, err = io.Copy(os.Stdout, response.Body)
	return err
}
