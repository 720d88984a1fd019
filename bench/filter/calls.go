package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/bench/internal/measure"
	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/internal/seccomp"
)

// callTimes gives how many nanoseconds each program adds to a call that the kernel
// answers from its cache, and to one whose argument is checked. Each measurement
// is a process of its own, since a filter cannot be taken off.
func callTimes(rounds int, programs []filter.Program) ([][]float64, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var turns []func() ([]float64, error)
	for _, prog := range programs {
		raw := string(prog.Bytes(binary.NativeEndian))
		turns = append(turns, func() ([]float64, error) {
			child := exec.Command(self, "-under-filter")
			child.Stdin, child.Stderr = strings.NewReader(raw), os.Stderr
			out, err := child.Output()
			if err != nil {
				return nil, fmt.Errorf("a child with a filter: %w", err)
			}
			added := make([]float64, 2)
			_, err = fmt.Sscan(string(out), &added[0], &added[1])
			return added, err
		})
	}
	return measure.Turns(rounds, turns)
}

// underFilter is what such a child does: it reads the program, and prints what it
// adds.
func underFilter(in io.Reader, out io.Writer) error {
	raw, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	prog, err := filter.Parse(raw, binary.NativeEndian)
	if err != nil {
		return err
	}
	runtime.LockOSThread()
	if err := stayOnProcessor(); err != nil {
		return err
	}
	cachedBefore, checkedBefore := perCall(cached), perCall(checked)
	if _, err := seccomp.LoadThread(prog.Packed(), 0); err != nil {
		return err
	}
	cachedAfter, checkedAfter := perCall(cached), perCall(checked)
	_, err = fmt.Fprintln(out, cachedAfter-cachedBefore, checkedAfter-checkedBefore)
	return err
}

// stayOnProcessor keeps the thread on one of the processors that it may use.
func stayOnProcessor() error {
	var may unix.CPUSet
	if err := unix.SchedGetaffinity(0, &may); err != nil {
		return err
	}
	for cpu := range may.Count() {
		if may.IsSet(cpu) {
			var one unix.CPUSet
			one.Set(cpu)
			return unix.SchedSetaffinity(0, &one)
		}
	}
	return nil
}

// cached is a call that every policy simply allows, and that does next to nothing.
func cached() { _, _, _ = syscall.RawSyscall(unix.SYS_GETPID, 0, 0, 0) }

// checked is the checked call that the web server makes most often.
func checked() { _, _, _ = syscall.RawSyscall(unix.SYS_FCNTL, 0, unix.F_GETFL, 0) }

// perCall gives the nanoseconds of a call, in the best of many short stretches:
// in the others, something interrupted.
func perCall(call func()) float64 {
	const stretches, often = 40, 5000
	best := math.Inf(1)
	for range stretches {
		begin := time.Now()
		for range often {
			call()
		}
		best = min(best, float64(time.Since(begin).Nanoseconds())/often)
	}
	return best
}
