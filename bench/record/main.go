// Record measures what it costs to be watched: by curb record, and by others who
// count system calls. A program that does nothing but make them says how long one
// takes, and a busy web server how many requests it answers. All contestants take
// turns in one run, and the ratios of one run count.
//
//	go -C bench run ./record -curb ../bin/curb -o ../docs/performance.md
//
// It needs root, and for the others strace, perf and bpftrace.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/bench/internal/measure"
	pages "github.com/gocurb/curb/bench/internal/page"
)

func main() {
	curb := flag.String("curb", "", "the curb command")
	page := flag.String("o", "", "the page whose tables are to be replaced")
	only := flag.String("run", "", "leave out contestants whose names do not match this regular expression")
	rounds := flag.Int("rounds", 7, "how often each contestant takes its turn")
	flag.Parse()
	if err := run(*curb, *page, *only, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "bench/record:", err)
		os.Exit(2)
	}
}

func run(curb, page, only string, rounds int) error {
	if rounds < 1 {
		return fmt.Errorf("%d rounds measure nothing", rounds)
	}
	if _, err := exec.LookPath(curb); err != nil {
		return fmt.Errorf("-curb must be the path of the curb command: %w", err)
	}
	dir, err := os.MkdirTemp("", "curb-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	build := exec.Command("go", "build", "-o", dir+"/", "./record/calls", "./record/server")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the programs: %w\n%s", err, out)
	}
	pattern, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	all, missing := available(contestants(curb), pattern)
	for _, name := range missing {
		fmt.Fprintf(os.Stderr, "bench/record: without %s, which is not here\n", name)
	}
	unmount, err := mountTracefs()
	if err != nil {
		return err
	}
	defer unmount()
	took, err := calls(all, filepath.Join(dir, "calls"), rounds)
	if err != nil {
		return err
	}
	answered, err := requests(all, filepath.Join(dir, "server"), rounds)
	if err != nil {
		return err
	}
	kept, err := memory(curb, filepath.Join(dir, "calls"))
	if err != nil {
		return err
	}
	tables := map[string]string{
		"machine": machine(rounds),
		"calls":   callsTable(all, took),
		"server":  requestsTable(all, answered),
		"memory":  kept,
		"targets": targets(all, took, answered),
	}
	for _, name := range []string{"machine", "calls", "server", "memory", "targets"} {
		fmt.Println(tables[name])
	}
	if page == "" {
		return nil
	}
	return pages.Replace(page, "record", tables)
}

func machine(rounds int) string {
	var name unix.Utsname
	_ = unix.Uname(&name) // it cannot fail
	release, _, _ := strings.Cut(unix.ByteSliceToString(name.Release[:]), "-")
	return fmt.Sprintf("On Linux %s, %s, %d processors, %d rounds.\n", release, runtime.Version(), runtime.NumCPU(), rounds)
}

// turns has every contestant take its turns, with its hooks in place meanwhile.
func turns(all []contestant, rounds int, one func(contestant) ([]float64, error)) ([][]float64, error) {
	var list []func() ([]float64, error)
	for _, c := range all {
		list = append(list, func() ([]float64, error) {
			remove, err := hookEmpty(c.hooks...)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			figures, err := one(c)
			if err := remove(); err != nil {
				return nil, err
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			return figures, nil
		})
	}
	return measure.Turns(rounds, list)
}
