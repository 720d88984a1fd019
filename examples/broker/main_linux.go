package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/gocurb/curb/notify"
)

func main() {
	b := new(broker)
	flag.Func("allow", "a directory whose files the program may read (can be given several times)", b.allow)
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: broker -allow DIR [-allow DIR]... [--] PROGRAM [ARG]...")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	path, err := exec.LookPath(flag.Arg(0))
	if err != nil {
		fail(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	state, err := b.run(ctx, notify.Command{Path: path, Args: flag.Args()})
	if err != nil {
		fail(err)
	}
	if code := state.ExitCode(); code >= 0 {
		os.Exit(code)
	}
	fail(fmt.Errorf("%s: %v", path, state))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "broker:", err)
	os.Exit(2)
}

// run runs a program until it ends, or kills it when the context is done.
func (b *broker) run(ctx context.Context, c notify.Command) (*os.ProcessState, error) {
	listener, program, err := notify.Start(c, policy)
	if err != nil {
		return nil, err
	}
	defer listener.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	served := make(chan error, 1)
	go func() {
		err := b.serve(ctx, listener)
		if err != nil {
			program.Kill() // nobody would answer it
		}
		served <- err
	}()
	state, err := program.Wait()
	// What the program has started may go on, and is served no more.
	cancel()
	if failed := <-served; failed != nil && !errors.Is(failed, context.Canceled) {
		err = errors.Join(err, failed)
	}
	return state, err
}
