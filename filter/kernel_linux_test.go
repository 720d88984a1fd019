package filter

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/gocurb/curb/internal/seccomp"
	"github.com/gocurb/curb/internal/seccomp/subprocess"
)

// parts run in processes of their own: a filter cannot be taken off.
var parts = map[string]func(){"ask the kernel": askTheKernel}

func TestMain(m *testing.M) {
	subprocess.Main(m, parts)
}

// TestValidateIsTheKernels lets the kernel judge programs too.
func TestValidateIsTheKernels(t *testing.T) {
	out, _ := subprocess.Run(t, "ask the kernel", subprocess.Exit(0))
	var valid, invalid int
	if _, err := fmt.Sscanf(out, "%d valid, %d invalid", &valid, &invalid); err != nil {
		t.Fatalf("%v: %q", err, out)
	}
	if valid < 1000 || invalid < 1000 {
		t.Errorf("the programs were lopsided: %s", out)
	}
}

// askTheKernel compares Validate with the kernel. To learn what the kernel makes
// of a program without coming under it, it asks to load it for all threads while
// one of them has a filter that the others have not: the kernel checks the
// program first, and then finds that it cannot do that.
func askTheKernel() {
	ready := make(chan error)
	go func() {
		runtime.LockOSThread()
		_, err := seccomp.LoadThread(Program{{returnK, 0, 0, seccomp.RetAllow}}.Packed(), 0)
		ready <- err
		select {}
	}()
	if err := <-ready; err != nil {
		subprocess.Fatal(err)
	}
	valid, invalid := 0, 0
	for seed := range 20000 {
		c := chooser{randomBytes(rand.New(rand.NewPCG(uint64(seed), 7)), 600)}
		p := c.program()
		err := seccomp.Load(p.Packed(), 0)
		known := p.Validate()
		switch {
		case errors.Is(err, syscall.EINVAL) && known != nil:
			invalid++
		case strings.Contains(err.Error(), "has a filter of its own") && known == nil:
			valid++
		default:
			subprocess.Fatal(fmt.Sprintf("the kernel says %v, Validate %v\n%v", err, known, p))
		}
	}
	fmt.Printf("%d valid, %d invalid\n", valid, invalid)
}
