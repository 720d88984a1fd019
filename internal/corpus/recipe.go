package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/gocurb/curb/internal/strace"
	"github.com/gocurb/curb/scan"
)

// A recipe is changediff locked down the usual way, with the names that one
// run under strace shows, beside the list that curb makes.
type recipe struct {
	traced  []string // what the one run showed
	scanned []string // what curb lists
	binary  string   // changediff, locked down to what was traced
	ways    []way
}

// makeRecipe follows the recipe in the directory dir.
func makeRecipe(ctx context.Context, dir string) (*recipe, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	fill := strings.NewReplacer("{repository}", root, "{dir}", dir)
	var ways []way
	for _, w := range find("changediff").ways {
		filled := way{exit: w.exit}
		for _, arg := range w.args {
			filled.args = append(filled.args, fill.Replace(arg))
		}
		ways = append(ways, filled)
	}
	// The list must be for the program alone, so the lock-down is left out.
	r := &recipe{ways: ways, binary: filepath.Join(dir, "recipe")}
	free := filepath.Join(dir, "free")
	if err := buildChangediff(ctx, dir, free, "package main\n\nfunc curbLockDown() {}\n"); err != nil {
		return nil, err
	}
	got, err := strace.Run{Path: free, Args: ways[0].args}.Trace(ctx)
	if err != nil {
		return nil, err
	}
	r.traced = slices.Sorted(maps.Keys(got.Calls))
	u, err := scan.File(free, scan.Options{})
	if err != nil {
		return nil, err
	}
	r.scanned = u.Names()
	return r, buildChangediff(ctx, dir, r.binary, fmt.Sprintf(`package main

import "github.com/gocurb/curb"

func curbLockDown() { curb.Allow("%s").Otherwise(curb.Trap).MustEnforce() }
`, strings.Join(r.traced, `", "`)))
}

// buildChangediff builds the example with another lock-down file.
func buildChangediff(ctx context.Context, dir, binary, lockDown string) error {
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	source := binary + ".go"
	if err := os.WriteFile(source, []byte(lockDown), 0o644); err != nil {
		return err
	}
	replace := map[string]string{}
	for name, with := range map[string]string{"curb_linux_amd64.go": source, "curb_other.go": "", "curb_mismatch.go": ""} {
		replace[filepath.Join(root, "examples/changediff", name)] = with
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o644); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", file, "-o", binary, "./examples/changediff")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build changediff with another lock-down: %w\n%s", err, out)
	}
	return nil
}

// missing returns what the recipe's list lacks and curb's has.
func (r *recipe) missing() []string { return without(r.scanned, r.traced) }

// extra returns what the recipe's list has and curb's lacks.
func (r *recipe) extra() []string { return without(r.traced, r.scanned) }

func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// try runs the program under the recipe's list in all its ways, and returns
// how often it was run and in which ways it did not end as it should.
func (r *recipe) try(ctx context.Context, times int) (runs int, broken []string) {
	seen := map[string]bool{}
	for _, way := range r.ways {
		for _, env := range [][]string{nil, {"GOMAXPROCS=1"}, {"GOGC=5"}, {"GOGC=1"}} {
			for range times {
				cmd := exec.CommandContext(ctx, r.binary, way.args...)
				cmd.Env = append(os.Environ(), env...)
				out, _ := cmd.CombinedOutput()
				runs++
				if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != way.exit {
					first, _, _ := strings.Cut(string(out), "\n")
					what := strings.TrimSpace(fmt.Sprintf("%s changediff %s: %v %s", strings.Join(env, " "), strings.Join(way.args, " "), cmd.ProcessState, first))
					if !seen[what] {
						seen[what] = true
						broken = append(broken, what)
					}
				}
			}
		}
	}
	return runs, broken
}

// printRecipe prints the table of both lists.
func printRecipe(ctx context.Context, w io.Writer) error {
	dir, err := os.MkdirTemp("", "curb-recipe-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r, err := makeRecipe(ctx, dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "changediff: %d names from one run of strace -f, %d from curb\n\n", len(r.traced), len(r.scanned))
	tw := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(tw, "SYSTEM CALL\tSTRACE\tCURB")
	mark := map[bool]string{true: "yes", false: "-"}
	names := append(slices.Clone(r.traced), r.scanned...)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		fmt.Fprintf(tw, "%s\t%s\t%s\n", name, mark[slices.Contains(r.traced, name)], mark[slices.Contains(r.scanned, name)])
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	runs, broken := r.try(ctx, 20)
	fmt.Fprintf(w, "\ncurb adds %d that the program can make, and removes %d.\n", len(r.missing()), len(r.extra()))
	fmt.Fprintf(w, "Locked down to the list of strace it was run %d times, and failed like this:\n", runs)
	for _, b := range broken {
		fmt.Fprintln(w, " ", b)
	}
	return nil
}
