// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// ports of the components. They stay the same over restarts, so that clients find a restarted component.
type ports struct {
	etcd, etcdPeer               int
	apiServers                   []int
	controllerManager, scheduler int
	kwok                         int
}

func choosePorts(apiServers int) (ports, error) {
	var p ports
	p.apiServers = make([]int, apiServers)
	all := []*int{&p.etcd, &p.etcdPeer, &p.controllerManager, &p.scheduler, &p.kwok}
	for i := range p.apiServers {
		all = append(all, &p.apiServers[i])
	}
	taken := map[int]bool{}
	for _, port := range all {
		n, err := freePort(taken)
		if err != nil {
			return p, err
		}
		*port, taken[n] = n, true
	}
	return p, nil
}

// freePort looks below the range from which the kernel gives ports to outgoing connections: a port from
// there could be gone when a component that was stopped starts again.
func freePort(taken map[int]bool) (int, error) {
	const lowest, highest = 20000, 32000
	for range 100 {
		n := lowest + rand.IntN(highest-lowest)
		if taken[n] {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", n))
		if err == nil {
			return n, l.Close()
		}
	}
	return 0, errors.New("no free port found on 127.0.0.1")
}
