// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// process is one component. It can run many times, with the same arguments and the same log file.
type process struct {
	name    string
	program string
	args    []string
	dir     string
	log     string

	mu     sync.Mutex // guards the rest
	cmd    *exec.Cmd  // nil: never started
	done   chan struct{}
	exit   error // why it ended, once done is closed
	wanted bool  // false: somebody ended it on purpose
}

// spawner starts processes from one thread that lives as long as this program: the kernel sends Pdeathsig
// when the thread that started a child ends, not when its process does.
type spawner chan func()

func newSpawner() spawner {
	s := make(spawner)
	go func() {
		runtime.LockOSThread()
		for f := range s {
			f()
		}
	}()
	return s
}

func (s spawner) start(cmd *exec.Cmd) error {
	result := make(chan error, 1)
	s <- func() { result <- cmd.Start() }
	return <-result
}

func (p *process) start(s spawner) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.runningLocked() {
		return fmt.Errorf("%s is running already", p.name)
	}
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return err
	}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // the child has its own copy
	cmd := exec.Command(p.program, p.args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, log, log
	cmd.Env = append(os.Environ(), "HOME="+p.dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := s.start(cmd); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	done := make(chan struct{})
	p.cmd, p.done, p.exit, p.wanted = cmd, done, nil, true
	go func() {
		err := cmd.Wait()
		if err == nil {
			err = errors.New("it ended by itself")
		}
		p.mu.Lock()
		p.exit = err
		p.mu.Unlock()
		close(done)
	}()
	return nil
}

// end sends the signal, waits up to patience, then kills. Ending what does not run is no error.
func (p *process) end(sig syscall.Signal, patience time.Duration) error {
	p.mu.Lock()
	if !p.runningLocked() {
		p.wanted = false
		p.mu.Unlock()
		return nil
	}
	p.wanted = false
	pid, done := p.cmd.Process.Pid, p.done
	p.mu.Unlock()

	// A paused process would not hear SIGTERM.
	_ = syscall.Kill(-pid, sig)
	_ = syscall.Kill(-pid, syscall.SIGCONT)
	select {
	case <-done:
		return nil
	case <-time.After(patience):
	}
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	<-done
	if sig == syscall.SIGKILL {
		return nil
	}
	return fmt.Errorf("%s did not end within %s of %s and was killed", p.name, patience, sig)
}

// signal reaches the process if it runs.
func (p *process) signal(sig syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.runningLocked() {
		return fmt.Errorf("%s is not running", p.name)
	}
	return syscall.Kill(-p.cmd.Process.Pid, sig)
}

// failed tells why a process that should run does not.
func (p *process) failed() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil || p.runningLocked() || !p.wanted {
		return nil
	}
	return fmt.Errorf("%s ended: %w; its log is %s, the last lines:\n%s", p.name, p.exit, p.log, tail(p.log, 2000))
}

func (p *process) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.runningLocked() {
		return 0
	}
	return p.cmd.Process.Pid
}

func (p *process) runningLocked() bool {
	if p.cmd == nil {
		return false
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// tail is the end of a file, for error messages.
func tail(path string, maxBytes int64) string {
	f, err := os.Open(path)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > maxBytes {
		_, _ = f.Seek(-maxBytes, 2)
	}
	data := make([]byte, maxBytes)
	n, _ := f.Read(data)
	return string(data[:n])
}
