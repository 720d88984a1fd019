//go:build linux && (amd64 || arm64)

package launch

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// beRepeatingCurb starts a program again and again: POLICY COUNT PATH ARGS...
// It collects garbage all the while, and prints each end that is not a success.
func beRepeatingCurb(args []string) {
	count, err := strconv.Atoi(args[1])
	if err != nil {
		panic(err)
	}
	go func() {
		for keep := make([][]byte, 64); ; {
			for i := range keep {
				keep[i] = make([]byte, 1<<16)
			}
			runtime.GC()
		}
	}()
	fmt.Println("ready")
	for i := range count {
		cmd := &Cmd{Path: args[2], Args: args[2:], Filter: policies[args[0]]}
		if status, err := cmd.Run(); err != nil || status != (Status{}) {
			fmt.Println("start", i, "failed:", status, err)
		}
	}
}

// Not one of many starts fails, whatever curb's own runtime does meanwhile and
// whatever signals come in: nothing but the program itself meets the filter,
// which kills at the first call that it does not know.
func TestManyStarts(t *testing.T) {
	tests := map[string][]string{
		"raw": {"raw", "200", program(t, "raw"), "/dev/null"},
		"go":  {"kill", "200", program(t, "probe"), "exit", "0"},
	}
	for name, args := range tests {
		for _, procs := range []string{"1", ""} {
			t.Run(name+"/GOMAXPROCS="+procs, func(t *testing.T) {
				cmd := role(t, "repeat", args...)
				if procs != "" {
					cmd.Env = append(cmd.Env, "GOMAXPROCS="+procs)
				}
				bombard(t, cmd, unix.SIGURG, unix.SIGCHLD, unix.SIGWINCH)
			})
		}
	}
}

// bombard runs a command, which prints "ready" first, sends it signals all the
// while, and fails if it prints anything else.
func bombard(t *testing.T, cmd *exec.Cmd, signals ...unix.Signal) {
	t.Helper()
	out := &waitBuffer{ready: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var sender sync.WaitGroup
	sender.Go(func() {
		select {
		case <-out.ready:
		case <-done:
		}
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
				cmd.Process.Signal(signals[i%len(signals)])
				runtime.Gosched()
			}
		}
	})
	err := cmd.Wait()
	close(done)
	sender.Wait()
	if text := strings.TrimPrefix(out.String(), "ready\n"); err != nil || text != "" {
		t.Errorf("%v\n%s", err, text)
	}
}

// A waitBuffer says when something has been written to it.
type waitBuffer struct {
	bytes.Buffer
	once  sync.Once
	ready chan struct{}
}

func (b *waitBuffer) Write(p []byte) (int, error) {
	b.once.Do(func() { close(b.ready) })
	return b.Buffer.Write(p)
}

// What the child runs must not allocate, since it has no runtime: no variable of
// its functions may have moved to the heap.
func TestChildDoesNotAllocate(t *testing.T) {
	build := exec.Command("go", "build", "-gcflags=-m", ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	looked := false
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "./child_linux.go:") {
			continue
		}
		looked = true
		if strings.Contains(line, "moved to heap") || strings.Contains(line, "escapes to heap") {
			t.Error(strings.TrimSpace(line))
		}
	}
	if !looked {
		t.Errorf("the compiler says nothing about the child:\n%s", out)
	}
}
