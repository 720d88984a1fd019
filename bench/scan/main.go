// Scan times "curb scan" against "objdump -d", which only disassembles, as whole
// processes on the same binaries, in turns. Machines are noisy: the ratio of one
// run counts, and the times are there to see how the cost grows with the text.
//
//	go -C bench run ./scan -curb ../bin/curb BINARY…
package main

import (
	"cmp"
	"debug/elf"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/gocurb/curb/bench/internal/measure"
)

func main() {
	curb := flag.String("curb", "../bin/curb", "the command")
	rounds := flag.Int("rounds", 5, "how often each command runs on each binary; the median counts")
	flag.Parse()
	if err := run(os.Stdout, *curb, *rounds, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "bench/scan:", err)
		os.Exit(2)
	}
}

func run(w io.Writer, curb string, rounds int, binaries []string) error {
	if len(binaries) == 0 || rounds < 1 {
		return errors.New("name the binaries to measure, and at least one round")
	}
	var rows []row
	for _, path := range binaries {
		r, err := timeBoth(curb, path, rounds)
		if err != nil {
			return err
		}
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(a.text, b.text) })
	tw := tabwriter.NewWriter(w, 0, 8, 1, ' ', tabwriter.AlignRight|tabwriter.Debug)
	fmt.Fprintln(tw, "binary\tfile MB\ttext MB\tcurb scan s\tMB/s of text\tpeak MB\tobjdump -d s\tratio\t")
	for _, r := range rows {
		fmt.Fprintf(tw, "%s\t%.1f\t%.1f\t%.2f\t%.1f\t%.0f\t%.2f\t%.2f\t\n", r.name, mb(r.size), mb(r.text),
			r.scan.Seconds(), mb(r.text)/r.scan.Seconds(), mb(r.peak), r.objdump.Seconds(), r.scan.Seconds()/r.objdump.Seconds())
	}
	return tw.Flush()
}

func mb(bytes int64) float64 { return float64(bytes) / 1e6 }

// A row is what was measured on one binary.
type row struct {
	name          string
	size, text    int64
	scan, objdump time.Duration
	peak          int64 // bytes that curb had resident at most
}

func timeBoth(curb, path string, rounds int) (row, error) {
	r := row{name: filepath.Base(path)}
	info, err := os.Stat(path)
	if err != nil {
		return r, err
	}
	r.size = info.Size()
	f, err := elf.Open(path)
	if err != nil {
		return r, err
	}
	defer f.Close()
	text := f.Section(".text")
	if text == nil {
		return r, fmt.Errorf("%s has no text section", path)
	}
	r.text = int64(text.Size)
	objdump := "objdump"
	if f.Machine == elf.EM_AARCH64 {
		objdump = "aarch64-linux-gnu-objdump"
	}
	var scans, dumps []time.Duration
	for range rounds {
		took, peak, err := timed(curb, "scan", "--no-cache", path)
		if err != nil {
			return r, err
		}
		scans, r.peak = append(scans, took), max(r.peak, peak)
		if took, _, err = timed(objdump, "-d", path); err != nil {
			return r, err
		}
		dumps = append(dumps, took)
	}
	r.scan, r.objdump = measure.Median(scans), measure.Median(dumps)
	return r, nil
}

// undecided is the exit code of a scan with unresolved places, which takes as long.
const undecided = 3

// timed runs a command to its end, and throws away what it prints.
func timed(name string, args ...string) (took time.Duration, peak int64, err error) {
	cmd := exec.Command(name, args...)
	start := time.Now()
	err = cmd.Run()
	took = time.Since(start)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == undecided {
		err = nil
	}
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", cmd, err)
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		peak = usage.Maxrss * 1024
	}
	return took, peak, nil
}
