package main

import (
	"context"
	"flag"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gocurb/curb"
	"github.com/gocurb/curb/internal/strace"
	"github.com/gocurb/curb/syscalls"
)

var long = flag.Bool("long", false, "run the programs of all architectures, which takes minutes")

// emulated has the architectures of Go, by the names that qemu has for them.
var emulated = map[string]string{
	"386": "i386", "arm": "arm", "arm64": "aarch64", "loong64": "loongarch64", "mips": "mips", "mipsle": "mipsel",
	"mips64": "mips64", "mips64le": "mips64el", "ppc64": "ppc64", "ppc64le": "ppc64le", "riscv64": "riscv64", "s390x": "s390x",
}

// inQemu are the groups whose programs run alone, and under qemu as elsewhere.
const inQemu = "Runtime Stdio FilesReadOnly Files FileMapping FileEvents UnixSockets NetworkInterfaces Time Random Users"

// TestOtherArchitectures: on the architectures that cannot be scanned, the
// programs make no call under qemu that their groups do not have there.
func TestOtherArchitectures(t *testing.T) {
	if !*long {
		t.Skip("takes minutes: run it with -long")
	}
	for arch, name := range emulated {
		t.Run(arch, func(t *testing.T) {
			qemu, err := exec.LookPath("qemu-" + name + "-static")
			if err != nil {
				t.Skip("needs qemu-user-static:", err)
			}
			table, err := syscalls.For(arch)
			check(t, err)
			bin := t.TempDir()
			check(t, build(context.Background(), "testdata", bin, arch))
			for _, group := range curb.Groups() {
				if !has(inQemu, group.String()) {
					continue
				}
				s := stageFor(t, group.String())
				run := strace.Run{Path: filepath.Join(bin, strings.ToLower(group.String())), Dir: s.dir, Args: s.args}
				result, err := run.TraceQemu(t.Context(), table, qemu)
				check(t, err)
				allowed := slices.Concat(curb.Runtime.Names(table), curb.Startup.Names(table), group.Names(table))
				for call := range result.Calls {
					if !slices.Contains(allowed, call) {
						t.Errorf("the program of %s makes %s, which the groups do not have", group, call)
					}
				}
				if len(result.Calls) < 10 {
					t.Errorf("the program of %s was seen making only %v", group, result.Calls)
				}
			}
		})
	}
}
