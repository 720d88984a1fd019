//go:build !linux || !(amd64 || arm64)

package launch

import (
	"errors"
	"fmt"
	"os"
)

type process struct{}

func newProcess() *process { return &process{} }

func (p *process) start(*Cmd) error { return unsupported() }

func (c *Cmd) supervised() (*os.Process, int, error) { return nil, -1, unsupported() }

func unsupported() error {
	return fmt.Errorf("filtering system calls needs Linux on amd64 or arm64: %w", errors.ErrUnsupported)
}

func (p *process) wait() (Status, error) { return Status{}, errors.ErrUnsupported }

func (p *process) leaveTo(func(func(int)) (Status, error)) (Status, error) { return p.wait() }

func (p *process) release() {}

// Exit ends this process with the program's exit code.
func (s Status) Exit() {
	os.Exit(s.Code)
}
