// Methods calls methods in every way in which a program can come to one without
// naming it: through interfaces that were filled elsewhere, conversions between
// interfaces that only the runtime sees, reflection, templates and the library.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"sort"
	"text/template"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/scan/testdata/breakers/methods/shapes"
	"github.com/gocurb/curb/scan/testdata/breakers/rare"
)

func main() {
	interfaces()
	reflected()
	library()
	shapes.Draw()
}

//go:noinline
func same[T any](x T) T { return x }

type runner interface{ Run() }

type stopper interface{ Stop() }

type both interface {
	runner
	stopper
}

// Types that get into an interface in different ways.
type (
	stored    struct{ name string }
	boxed     int
	pointed   struct{ name string }
	embedded  struct{ runner }
	inner     struct{ name string }
	asserted  struct{ name string }
	converted struct{ name string }
	generic   [3]uint8
	instance  struct{ name string }
	inArray   struct{ name string }
	inMap     struct{ name string }
	sent      struct{ name string }
	copied    struct{ holds any }
	inCopied  struct{ name string }
	compared  struct{ name string }
	forged    struct{ name string }
	lateData  struct{ name string }
)

func (stored) Run()     { rare.Call("sysinfo", unix.SYS_SYSINFO) }
func (boxed) Run()      { rare.Call("getpriority", unix.SYS_GETPRIORITY) }
func (*pointed) Run()   { rare.Call("personality", unix.SYS_PERSONALITY) }
func (inner) Run()      { rare.Call("sched_get_priority_max", unix.SYS_SCHED_GET_PRIORITY_MAX) }
func (*asserted) Stop() { rare.Call("sched_get_priority_min", unix.SYS_SCHED_GET_PRIORITY_MIN) }
func (converted) Run()  { rare.Call("sched_getscheduler", unix.SYS_SCHED_GETSCHEDULER) }
func (converted) Stop() {
	rare.Call("sched_getparam", unix.SYS_SCHED_GETPARAM)
}
func (generic) Run()   { rare.Call("sched_rr_get_interval", unix.SYS_SCHED_RR_GET_INTERVAL) }
func (*instance) Run() { rare.Call("times", unix.SYS_TIMES) }
func (inArray) Run()   { rare.Call("getsid", unix.SYS_GETSID) }
func (inMap) Run()     { rare.Call("getpgid", unix.SYS_GETPGID) }
func (sent) Run()      { rare.Call("getrusage", unix.SYS_GETRUSAGE) }
func (inCopied) Run()  { rare.Call("getitimer", unix.SYS_GETITIMER) }
func (compared) Run()  { rare.Call("getresuid", unix.SYS_GETRESUID) }
func (*forged) Run()   { rare.Call("getresgid", unix.SYS_GETRESGID) }
func (lateData) Run()  { rare.Call("capget", unix.SYS_CAPGET) }

var (
	variable  runner
	constant  runner = boxed(7)
	pointers         = []runner{&pointed{"it"}, embedded{inner{"it"}}}
	untyped   any    = &asserted{"it"}
	two       any    = converted{"it"}
	array            = [2]any{nil, inArray{"it"}}
	table            = map[string]runner{"it": inMap{"it"}}
	channel          = make(chan runner, 1)
	whole            = copied{inCopied{"it"}}
	part      copied
	equal     any = compared{"it"}
	template1 runner
	pair      struct {
		number int
		data   runner
	}
)

func init() { channel <- sent{"it"} }

// call calls a method of whatever T is.
func call[T runner](x T) { x.Run() }

// construct calls a method of a type that only the caller names.
func construct[T any, P interface {
	*T
	runner
}]() {
	P(new(T)).Run()
}

func interfaces() {
	set(&variable, runner(stored{"it"}))
	variable.Run()
	constant.Run()
	for _, p := range pointers {
		p.Run()
	}
	untyped.(stopper).Stop()
	if b, ok := two.(both); ok {
		b.Run()
		b.Stop()
	}
	call(same(generic{}))
	construct[instance]()
	array[same(1)].(runner).Run()
	table[same("it")].Run()
	(<-channel).Run()
	part = whole
	part.holds.(runner).Run()
	switch x := equal.(type) {
	case stopper:
		x.Stop()
	case runner:
		x.Run()
	}
	// An interface made by hand: the words of another with the same type.
	template1 = (*forged)(nil)
	var words [2]unsafe.Pointer
	words = *(*[2]unsafe.Pointer)(unsafe.Pointer(&template1))
	words[1] = unsafe.Pointer(new(forged))
	(*(*runner)(unsafe.Pointer(&words))).Run()
	set(&pair.data, runner(lateData{"it"}))
	same(&pair).data.Run()
}

//go:noinline
func set[T any](to *T, x T) { *to = x }

// Types whose methods only reflection or the library call.
type (
	byNumber   struct{ name string }
	byName     struct{ name string }
	byTemplate struct{ name string }
	byField    struct{ Inside *byNested }
	byNested   struct{ name string }
	byType     struct{ name string }
	text       struct{ name string }
	number     int
	stringer   struct{ name string }
	goStringer struct{ name string }
	formatter  struct{ name string }
	failure    struct{ name string }
	unwrapped  struct{ name string }
	marshaler  struct{ Name string }
	unmarshal  struct{ Name string }
	writer     struct{ name string }
	reader     struct{ name string }
	writerTo   struct{ io.Reader }
	sorted     []int
	closer     struct{ name string }
)

func (byNumber) Only()           { rare.Call("statfs", unix.SYS_STATFS) }
func (byName) Named()            { rare.Call("fstatfs", unix.SYS_FSTATFS) }
func (byTemplate) Shown() string { rare.Call("lookup_dcookie", unix.SYS_LOOKUP_DCOOKIE); return "" }
func (*byNested) Deep() string   { rare.Call("io_destroy", unix.SYS_IO_DESTROY); return "" }
func (*byType) Typed()           { rare.Call("io_cancel", unix.SYS_IO_CANCEL) }

func (text) MarshalText() ([]byte, error) {
	rare.Call("io_getevents", unix.SYS_IO_GETEVENTS)
	return nil, nil
}
func (number) String() string            { rare.Call("io_submit", unix.SYS_IO_SUBMIT); return "" }
func (*stringer) String() string         { rare.Call("mq_getsetattr", unix.SYS_MQ_GETSETATTR); return "" }
func (goStringer) GoString() string      { rare.Call("mq_unlink", unix.SYS_MQ_UNLINK); return "" }
func (formatter) Format(fmt.State, rune) { rare.Call("mq_notify", unix.SYS_MQ_NOTIFY) }
func (failure) Error() string            { rare.Call("timer_getoverrun", unix.SYS_TIMER_GETOVERRUN); return "" }
func (failure) Unwrap() error            { return unwrapped{} }
func (unwrapped) Error() string          { return "" }
func (unwrapped) Is(error) bool          { rare.Call("timer_gettime", unix.SYS_TIMER_GETTIME); return false }
func (unwrapped) As(any) bool            { rare.Call("timer_delete", unix.SYS_TIMER_DELETE); return false }
func (marshaler) MarshalJSON() ([]byte, error) {
	rare.Call("getxattr", unix.SYS_GETXATTR)
	return []byte("1"), nil
}
func (*unmarshal) UnmarshalJSON([]byte) error { rare.Call("lgetxattr", unix.SYS_LGETXATTR); return nil }
func (writer) Write(p []byte) (int, error) {
	rare.Call("fgetxattr", unix.SYS_FGETXATTR)
	return len(p), nil
}
func (writer) WriteString(s string) (int, error) {
	rare.Call("listxattr", unix.SYS_LISTXATTR)
	return len(s), nil
}
func (writer) ReadFrom(io.Reader) (int64, error) {
	rare.Call("llistxattr", unix.SYS_LLISTXATTR)
	return 0, nil
}
func (reader) Read(p []byte) (int, error) {
	rare.Call("flistxattr", unix.SYS_FLISTXATTR)
	return 0, io.EOF
}
func (writerTo) WriteTo(io.Writer) (int64, error) {
	rare.Call("removexattr", unix.SYS_REMOVEXATTR)
	return 0, nil
}
func (s sorted) Len() int      { return len(s) }
func (s sorted) Swap(i, j int) { s[i], s[j] = s[j], s[i] }
func (s sorted) Less(i, j int) bool {
	rare.Call("lremovexattr", unix.SYS_LREMOVEXATTR)
	return s[i] < s[j]
}
func (*closer) Close() error { rare.Call("fremovexattr", unix.SYS_FREMOVEXATTR); return nil }

func reflected() {
	reflect.ValueOf(byNumber{}).Method(same(0)).Call(nil)
	reflect.ValueOf(byName{}).MethodByName(same("Named")).Call(nil)
	must(template.Must(template.New("").Parse("{{.Shown}}")).Execute(io.Discard, byTemplate{}))
	must(template.Must(template.New("").Parse("{{.Inside.Deep}}")).Execute(io.Discard, byField{new(byNested)}))
	t := reflect.TypeFor[*byType]()
	for i := range t.NumMethod() {
		t.Method(i).Func.Call([]reflect.Value{reflect.New(t.Elem())})
	}
}

func library() {
	_, err := json.Marshal(map[string]any{"a": text{}, "b": marshaler{}})
	must(err)
	must(json.Unmarshal([]byte("1"), &struct{ *unmarshal }{new(unmarshal)}))
	fmt.Fprint(io.Discard, number(1), new(stringer), failure{})
	fmt.Fprintf(io.Discard, "%#v %v", goStringer{}, formatter{})
	errors.Is(failure{}, os.ErrExist)
	var as *os.PathError
	errors.As(failure{}, &as)
	fmt.Fprint(same[io.Writer](writer{}), "x")
	_, err = io.WriteString(same[io.Writer](writer{}), "x")
	must(err)
	_, err = io.Copy(same[io.Writer](writer{}), same[io.Reader](reader{}))
	must(err)
	_, err = io.ReadAll(same[io.Reader](reader{}))
	must(err)
	_, err = io.Copy(new(bytes.Buffer), same[io.Reader](writerTo{}))
	must(err)
	sort.Sort(same[sort.Interface](sorted{2, 1}))
	for _, c := range slices.All([]any{1, new(closer)}) {
		if c, ok := c.(io.Closer); ok {
			must(c.Close())
		}
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
