// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Cluster is one control plane. Its methods may be called concurrently; those that change what runs wait for each other.
type Cluster struct {
	config     Config
	files      files
	removeDir  bool
	ports      ports
	authority  *authority
	spawner    spawner
	components []*process // in the order in which they start

	mu sync.Mutex // held while what runs is changed

	mintedMu sync.Mutex
	minted   map[string]int // how often credentials of a user were made
}

// New makes the directory with keys, certificates, kubeconfigs and policies. Nothing runs before Start.
func New(c Config) (*Cluster, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	cl := &Cluster{config: c}
	if c.Dir == "" {
		if c.Dir, err = os.MkdirTemp("", "testcluster-"); err != nil {
			return nil, err
		}
		cl.removeDir = true
	}
	cl.files = files(c.Dir)
	if err := cl.prepare(); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare %s: %w", c.Dir, err), cl.Close())
	}
	return cl, nil
}

func (c *Cluster) prepare() (err error) {
	if err := c.files.makeDirs(); err != nil {
		return err
	}
	// Another life of the same directory had other keys and was another cluster.
	if err := os.RemoveAll(c.files.etcdData()); err != nil {
		return err
	}
	for n := range c.config.APIServers {
		if err := os.RemoveAll(c.files.path(defaultLog(n))); err != nil {
			return err
		}
	}
	if c.ports, err = choosePorts(c.config.APIServers); err != nil {
		return err
	}
	if c.authority, err = newAuthority(); err != nil {
		return err
	}
	if err := c.authority.write(c.files); err != nil {
		return err
	}
	for user, groups := range map[string][]string{
		"admin": {"system:masters"}, "kwok": {"system:masters"},
		"system:kube-controller-manager": nil, "system:kube-scheduler": nil,
	} {
		if _, err := c.MintUser(user, groups, 30*day); err != nil {
			return err
		}
	}
	if err := os.WriteFile(c.files.stages(), stages, 0o600); err != nil {
		return err
	}
	if err := c.files.writeAudit(c.config.Audit); err != nil {
		return err
	}
	if err := linkKubectl(c.config.Program, c.files.path("kubectl")); err != nil {
		return err
	}
	c.components = c.processes()
	return nil
}

// linkKubectl gives the binary the name under which it is kubectl.
func linkKubectl(program, path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Symlink(program, path)
}

func (c *Cluster) processes() []*process {
	all := []*process{c.process(Etcd, c.etcdArgs())}
	for n := range c.config.APIServers {
		all = append(all, c.process(apiServerName(n), c.apiServerArgs(n)))
	}
	if !c.config.ControllerManagerOff {
		all = append(all, c.process(ControllerManager, c.controllerManagerArgs()))
	}
	if !c.config.SchedulerOff {
		all = append(all, c.process(Scheduler, c.schedulerArgs()))
	}
	if c.config.Nodes > 0 {
		all = append(all, c.process(Kwok, c.kwokArgs()))
	}
	return all
}

func (c *Cluster) process(name string, args []string) *process {
	return &process{
		name: name, args: args, program: c.config.Program,
		dir: c.files.work(name), log: c.files.log(name),
	}
}

// Start runs every component that does not run, and returns when all serve, the nodes are Ready and the default
// namespace has its service account. What an error leaves running is ended by Close.
func (c *Cluster) Start(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.startAll(ctx)
}

func (c *Cluster) startAll(ctx context.Context) error {
	if c.spawner == nil {
		c.spawner = newSpawner()
	}
	ctx, cancel := context.WithTimeout(ctx, c.config.StartTimeout)
	defer cancel()
	for _, p := range c.components {
		if p.pid() != 0 {
			continue
		}
		if err := p.start(c.spawner); err != nil {
			return err
		}
		// The others only write errors while there is no apiserver; etcd may come while the first one starts.
		if p.name == apiServerName(c.config.APIServers-1) {
			if err := c.waitServing(ctx); err != nil {
				return err
			}
		}
	}
	return c.waitReady(ctx)
}

// StartComponent starts one component and, if it is etcd or an apiserver, waits until it serves.
func (c *Cluster) StartComponent(ctx context.Context, name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, err := c.component(name)
	if err != nil {
		return err
	}
	if err := p.start(c.spawner); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.config.StartTimeout)
	defer cancel()
	return c.waitComponent(ctx, p)
}

// StopComponent ends one component in order (SIGTERM); one that does not end within half a minute is killed, which is an error.
func (c *Cluster) StopComponent(name string) error { return c.endComponent(name, syscall.SIGTERM) }

// KillComponent ends one component at once (SIGKILL).
func (c *Cluster) KillComponent(name string) error { return c.endComponent(name, syscall.SIGKILL) }

func (c *Cluster) endComponent(name string, sig syscall.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, err := c.component(name)
	if err != nil {
		return err
	}
	return p.end(sig, patience)
}

// PauseComponent stops the component's threads (SIGSTOP): it keeps its connections and answers nothing.
func (c *Cluster) PauseComponent(name string) error { return c.signal(name, syscall.SIGSTOP) }

// ResumeComponent lets a paused component go on.
func (c *Cluster) ResumeComponent(name string) error { return c.signal(name, syscall.SIGCONT) }

func (c *Cluster) signal(name string, sig syscall.Signal) error {
	p, err := c.component(name)
	if err != nil {
		return err
	}
	return p.signal(sig)
}

func (c *Cluster) component(name string) (*process, error) {
	var names []string
	for _, p := range c.components {
		if p.name == name {
			return p, nil
		}
		names = append(names, p.name)
	}
	return nil, fmt.Errorf("no component %q: there are %q", name, names)
}

// Wipe ends everything, throws etcd's data away and starts again: an empty cluster, with the same
// addresses and keys and a new UID of kube-system. Audit logs go on in the same files.
func (c *Cluster) Wipe(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.killAll(); err != nil {
		return err
	}
	if err := os.RemoveAll(c.files.etcdData()); err != nil {
		return err
	}
	return c.startAll(ctx)
}

// killAll ends what runs, the last started first.
func (c *Cluster) killAll() error {
	var errs []error
	for _, p := range slices.Backward(c.components) {
		errs = append(errs, p.end(syscall.SIGKILL, patience))
	}
	return errors.Join(errs...)
}

// Close kills every component and removes the directory if New made it. Audit logs are complete:
// the apiserver writes each line before it answers.
func (c *Cluster) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.killAll()
	if c.removeDir {
		err = errors.Join(err, os.RemoveAll(string(c.files)))
	}
	return err
}

// Failed returns the first component that ended without being asked to; nil while all is well.
func (c *Cluster) Failed() error {
	for _, p := range c.components {
		if err := p.failed(); err != nil {
			return err
		}
	}
	return nil
}

// MintUser makes a client certificate and kubeconfigs for a user with groups, one per apiserver, in new files.
// A negative ttl makes one that has expired.
func (c *Cluster) MintUser(name string, groups []string, ttl time.Duration) (Credentials, error) {
	cert, key, err := c.authority.issue(name, groups, x509.ExtKeyUsageClientAuth, ttl)
	if err != nil {
		return Credentials{}, err
	}
	file := c.newFileName(name)
	out := Credentials{CertFile: c.files.userCert(file), KeyFile: c.files.userKey(file)}
	if err := os.WriteFile(out.CertFile, cert, 0o600); err != nil {
		return out, err
	}
	if err := os.WriteFile(out.KeyFile, key, 0o600); err != nil {
		return out, err
	}
	user := clientcmdapi.NewAuthInfo()
	user.ClientCertificateData, user.ClientKeyData = cert, key
	out.Kubeconfigs, err = c.writeKubeconfigs(file, user)
	return out, err
}

// MintToken makes a token for a service account, which has to exist, and kubeconfigs with it, in new files.
// A negative ttl makes one that has expired; apiservers take tokens until a minute after their end.
func (c *Cluster) MintToken(ctx context.Context, namespace, name string, ttl time.Duration) (Credentials, error) {
	uid, err := c.serviceAccountUID(ctx, namespace, name)
	if err != nil {
		return Credentials{}, err
	}
	user := clientcmdapi.NewAuthInfo()
	if user.Token, err = c.authority.token(namespace, name, uid, ttl); err != nil {
		return Credentials{}, err
	}
	out := Credentials{Token: user.Token}
	out.Kubeconfigs, err = c.writeKubeconfigs(c.newFileName("system:serviceaccount:"+namespace+":"+name), user)
	return out, err
}

// newFileName is the user's name the first time, and then has a number.
func (c *Cluster) newFileName(user string) string {
	c.mintedMu.Lock()
	defer c.mintedMu.Unlock()
	if c.minted == nil {
		c.minted = map[string]int{}
	}
	c.minted[user]++
	if n := c.minted[user]; n > 1 {
		return fmt.Sprintf("%s.%d", user, n)
	}
	return user
}

func (c *Cluster) writeKubeconfigs(file string, auth *clientcmdapi.AuthInfo) ([]string, error) {
	var paths []string
	for n := range c.config.APIServers {
		path := c.files.kubeconfig(file)
		if n > 0 {
			path = c.files.kubeconfig(fmt.Sprintf("%s-%d", file, n))
		}
		if err := c.files.writeUser(path, c.apiServerURL(n), c.authority.certPEM, auth); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}
