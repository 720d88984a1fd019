//go:build !linux

package notify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
)

func unsupported() error {
	return fmt.Errorf("notify: seccomp is part of Linux, there is none on %s: %w", runtime.GOOS, errors.ErrUnsupported)
}

func newListener(int) (*Listener, error)                            { return nil, unsupported() }
func fromFile(*os.File) (*Listener, error)                          { return nil, unsupported() }
func (l *Listener) receive(context.Context) (*Request, error)       { return nil, unsupported() }
func (l *Listener) syncWakeUp() error                               { return unsupported() }
func (l *Listener) close() error                                    { return unsupported() }
func (r *Request) pid() (int, error)                                { return 0, unsupported() }
func (r *Request) valid() error                                     { return unsupported() }
func (r *Request) send(response) error                              { return unsupported() }
func (r *Request) addFile(*os.File, descriptor) (int, error)        { return -1, unsupported() }
func (r *Request) read(address uint64, p []byte) (n int, err error) { return 0, unsupported() }
func (r *Request) write(address uint64, p []byte) error             { return unsupported() }
