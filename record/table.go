package record

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gocurb/curb/usage"
)

// An Order is that of the lines of a table.
type Order string

// The orders: the largest first, but for names.
const (
	ByTime   Order = "time"
	ByCalls  Order = "calls"
	ByErrors Order = "errors"
	ByName   Order = "name"
)

// A line is one system call in a table.
type line struct {
	name                  string
	calls, failed, denied uint64
	time                  time.Duration
}

func (l *line) add(o *usage.Observed) {
	l.calls += o.Calls
	l.denied += o.Denied
	l.time += o.Time
	for _, n := range o.Errors {
		l.failed += n
	}
}

// WriteTable prints how often each system call was made, how long that took and
// how often it failed, over all the usages.
func WriteTable(w io.Writer, order Order, usages ...*usage.Usage) error {
	lines := map[string]*line{}
	total := &line{name: "total"}
	for _, u := range usages {
		for i := range u.Syscalls {
			s := &u.Syscalls[i]
			if s.Observed == nil {
				continue
			}
			name := s.Name
			if arch := cmp.Or(s.Arch, u.Arch); arch != usages[0].Arch || s.Arch != "" {
				name += " (" + arch + ")"
			}
			if lines[name] == nil {
				lines[name] = &line{name: name}
			}
			lines[name].add(s.Observed)
			total.add(s.Observed)
		}
	}
	sorted := slices.SortedFunc(maps.Values(lines), order.compare)
	return writeLines(w, sorted, total)
}

func (o Order) compare(a, b *line) int {
	first := 0
	switch o {
	case ByTime:
		first = cmp.Compare(b.time, a.time)
	case ByErrors:
		first = cmp.Compare(b.failed+b.denied, a.failed+a.denied)
	case ByName:
		return cmp.Compare(a.name, b.name)
	}
	return cmp.Or(first, cmp.Compare(b.calls, a.calls), cmp.Compare(a.name, b.name))
}

func writeLines(w io.Writer, lines []*line, total *line) error {
	tw := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	denied := total.denied > 0
	row := func(cells ...string) {
		if !denied {
			cells = slices.Delete(cells, 5, 6)
		}
		last := len(cells) - 1
		// The name is not aligned to the right.
		fmt.Fprintf(tw, "%s\t  %s\n", strings.Join(cells[:last], "\t"), cells[last])
	}
	row("% time", "seconds", "usecs/call", "calls", "errors", "denied", "syscall")
	for _, l := range append(slices.Clone(lines), total) {
		share, each := "", ""
		if total.time > 0 {
			share = fmt.Sprintf("%.2f", 100*l.time.Seconds()/total.time.Seconds())
		}
		seconds := fmt.Sprintf("%.6f", l.time.Seconds())
		if total.time == 0 {
			seconds = ""
		} else if l.calls > 0 {
			each = fmt.Sprintf("%.1f", l.time.Seconds()*1e6/float64(l.calls))
		}
		row(share, seconds, each, strconv.FormatUint(l.calls, 10), some(l.failed), some(l.denied), l.name)
	}
	return tw.Flush()
}

// some prints a number, and nothing for none.
func some(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
}

// WriteStacks prints the stacks of each system call, the most frequent first.
func WriteStacks(w io.Writer, usages ...*usage.Usage) error {
	var b strings.Builder
	for _, u := range usages {
		for i := range u.Syscalls {
			s := &u.Syscalls[i]
			for _, stack := range s.Stacks {
				fmt.Fprintf(&b, "\n%s: %d calls", s.Name, stack.Calls)
				if stack.Time > 0 {
					fmt.Fprintf(&b, ", %v", stack.Time)
				}
				fmt.Fprintf(&b, " (%s)\n", cmp.Or(stack.Binary, u.Binary))
				for _, f := range stack.Frames {
					fmt.Fprintf(&b, "  %s", f.Function)
					if place := f.Place(); place != "" {
						fmt.Fprintf(&b, "  %s", place)
					}
					b.WriteByte('\n')
				}
				if stack.Cut {
					b.WriteString("  …\n")
				}
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
