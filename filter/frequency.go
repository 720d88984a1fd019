package filter

// How often a number is searched for, compared with others. The kernel does not
// run the filter for what is simply allowed, since Linux 5.11, and what is denied
// is rare.
const (
	seldom = 1
	often  = 1 << 20 // the most frequent of the calls whose arguments count
	rare   = 1 << 6  // those of which nothing is known
	// older is how much less it counts how often calls are made that only older
	// kernels run the filter for.
	older = 1 << 10
)

// A frequent is a call that programs make often, per million calls of a busy Go
// web server (internal/sample/webserver.txt), and which values of an argument it
// is made with then, the most frequent one first.
type frequent struct {
	name   string
	count  float64
	arg    int
	values []uint64
}

// usual are the calls whose arguments policies look at, where they are made often.
// The values are the same on all architectures.
var usual = [...]frequent{
	{"fcntl", 191000, 1, []uint64{3, 4}}, // F_GETFL, F_SETFL
	{"epoll_ctl", 61000, 1, []uint64{1}}, // EPOLL_CTL_ADD
	{"openat", 48000, 2, nil},
	{"setsockopt", 34000, 1, []uint64{6}},   // IPPROTO_TCP
	{"futex", 26000, 1, []uint64{128, 129}}, // FUTEX_WAIT and FUTEX_WAKE, private
	{"accept4", 11000, 3, nil},
	{"tgkill", 400, 0, nil},
	{"madvise", 400, 2, []uint64{4}}, // MADV_DONTNEED
	{"ioctl", 100, 1, nil},
	{"mmap", 40, 2, []uint64{3}}, // PROT_READ | PROT_WRITE
	{"clone", 10, 0, nil},
	{"socket", 5, 0, nil},
	{"prctl", 1, 0, nil},
}

func usualCall(name string) *frequent {
	for i := range usual {
		if usual[i].name == name {
			return &usual[i]
		}
	}
	return nil
}

// valuesOf gives the frequent values of the argument that a test looks at.
func (f *frequent) valuesOf(t *test) []uint64 {
	if f == nil || t.arg != f.arg {
		return nil
	}
	return f.values
}

// frequencies says how often calls are made.
type frequencies struct {
	given map[string]float64 // nil for what is usual
	most  float64
}

func (c Compiler) frequencies() frequencies {
	f := frequencies{given: c.Frequency, most: usual[0].count}
	if c.Frequency != nil {
		f.most = 0
		for _, count := range c.Frequency {
			f.most = max(f.most, count)
		}
	}
	return f
}

// checked is the weight of a call whose arguments count.
func (f frequencies) checked(name string) int64 {
	count := f.given[name]
	if f.given == nil {
		if call := usualCall(name); call != nil {
			count = call.count
		}
	}
	if !(count > 0 && f.most > 0) { // not a number, too
		return rare
	}
	return rare + int64(often*(count/f.most))
}

// unchecked is the weight of a call that gets the action whatever its arguments.
func (f frequencies) unchecked(action Action, name string) int64 {
	if count := f.given[name]; count > 0 && f.most > 0 && action.is(Allow) {
		return seldom + int64(often/older*(count/f.most))
	}
	return seldom
}
