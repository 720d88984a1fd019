package strace

import (
	"bufio"
	"context"
	"io"
	"os"
	"regexp"
	"strconv"

	"github.com/gocurb/curb/syscalls"
)

// TraceQemu runs a program of another architecture under qemu-user and counts
// its calls. The command line of qemu, such as "qemu-aarch64-static", "-L",
// "/usr/aarch64-linux-gnu", is the caller's. What qemu itself asks of the kernel
// is not among the calls. A child's calls end with its execve: what it
// executes must be a program of this machine.
//
// Qemu handles some things itself that the kernel would leave to the program:
// it restarts calls without restart_syscall, and refuses some calls that are
// newer than it. It has no vDSO.
func (r Run) TraceQemu(ctx context.Context, table *syscalls.Table, qemu ...string) (*Result, error) {
	parse := func(r io.Reader) (map[string]int, error) { return parseQemu(r, table) }
	return r.traced(ctx, parse, func(log string) []string {
		return append(qemu, "-strace", "-D", log, r.Path)
	}, func(ctx context.Context, qemu *os.Process, log string) (*os.Process, error) {
		if _, err := begun(ctx, log); err != nil { // until then a signal would find qemu, not the program
			return nil, err
		}
		return itself(ctx, qemu)
	})
}

// Threads write without regard to each other: a call can begin in the middle of
// another one's line, and results stand alone. So only beginnings are looked for.
var qemuCall = regexp.MustCompile(`[0-9]+ (?:([a-z_][a-z0-9_]*)\(|Unknown syscall ([0-9]+))`)

// parseQemu counts the calls in what qemu's -strace writes. A name that the
// table lacks stays as it is.
func parseQemu(r io.Reader, table *syscalls.Table) (map[string]int, error) {
	calls := map[string]int{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		for _, m := range qemuCall.FindAllStringSubmatch(lines.Text(), -1) {
			name := m[1]
			if name == "" {
				name = "#" + m[2]
				if nr, err := strconv.ParseUint(m[2], 10, 32); err == nil {
					if call, ok := table.ByNumber(uint32(nr)); ok {
						name = call.Name
					}
				}
			}
			calls[name]++
		}
	}
	return calls, lines.Err()
}
