package filter

import "math"

// How often a number is searched for, compared with others. The kernel does not
// run the filter for what is simply allowed, since Linux 5.11, and what is denied
// is rare.
const (
	seldom = 1
	often  = 1 << 20 // the most frequent of the calls whose arguments count
	rare   = 1 << 4  // those of which nothing is known, or hardly ever made
	// older is how much less it counts how often calls are made that only older
	// kernels run the filter for.
	older = 1 << 13
	// hardly is the part of the most frequent call's frequency below which the
	// way to a call may be longer, so that it is shorter for others.
	hardly = 0.005
)

// A frequent is how often programs make a call, and the values of an argument that
// it is made with most, the most frequent one first.
type frequent struct {
	count  float64 // per million calls
	arg    int
	values [2]uint64
	n      int // how many values
}

// mostUsual is the count of the most frequent usual call.
const mostUsual = 331000

// usual gives what busy Go web servers do (internal/sample/webserver.txt). The
// values are the same on all architectures.
func usual(name string) frequent {
	switch name {
	case "read":
		return frequent{count: mostUsual}
	case "fcntl":
		return frequent{191000, 1, [2]uint64{3, 4}, 2} // F_GETFL, F_SETFL
	case "write":
		return frequent{count: 185000}
	case "epoll_ctl":
		return frequent{61000, 1, [2]uint64{1}, 1} // EPOLL_CTL_ADD
	case "close":
		return frequent{count: 55000}
	case "openat", "fstat", "sendfile":
		return frequent{count: 48000}
	case "nanosleep", "epoll_pwait":
		return frequent{count: 40000}
	case "setsockopt":
		return frequent{34000, 1, [2]uint64{6}, 1} // IPPROTO_TCP
	case "futex":
		return frequent{26000, 1, [2]uint64{128, 129}, 2} // FUTEX_WAIT and FUTEX_WAKE, private
	case "accept4":
		return frequent{count: 11000}
	case "getsockname":
		return frequent{count: 7000}
	case "sched_yield":
		return frequent{count: 3000}
	case "getpid", "rt_sigreturn", "tgkill":
		return frequent{count: 400}
	case "madvise":
		return frequent{400, 2, [2]uint64{4}, 1} // MADV_DONTNEED
	case "mmap":
		return frequent{40, 2, [2]uint64{3}, 1} // PROT_READ | PROT_WRITE
	}
	return frequent{}
}

// valuesOf gives the frequent values of the argument that a test looks at.
func (f *frequent) valuesOf(t *test) []uint64 {
	if t.arg != f.arg {
		return nil
	}
	return f.values[:f.n]
}

// frequencies says how often calls are made.
type frequencies struct {
	given map[string]float64 // nil for what is usual
	most  float64
}

func (c Compiler) frequencies() frequencies {
	f := frequencies{given: c.Frequency, most: mostUsual}
	if c.Frequency != nil {
		f.most = 0
		for _, count := range c.Frequency {
			if count > f.most { // which nothing is that is not a number
				f.most = min(count, math.MaxFloat64)
			}
		}
	}
	return f
}

// of gives a call's part of the frequency of the most frequent one.
func (f frequencies) of(name string) float64 {
	count := f.given[name]
	if f.given == nil {
		count = usual(name).count
	}
	if !(count > 0 && f.most > 0) { // not a number, too
		return 0
	}
	return min(count/f.most, 1) // infinite as it may be
}

// checked is the weight of a call whose arguments count.
func (f frequencies) checked(name string) int64 {
	if part := f.of(name); part > hardly {
		return rare + int64(often*part)
	}
	return rare
}

// unchecked is the weight of a call that gets the action whatever its arguments.
func (f frequencies) unchecked(action Action, name string) int64 {
	if !action.is(Allow) {
		return seldom
	}
	return seldom + int64(often/older*f.of(name))
}
