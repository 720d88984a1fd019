//go:build amd64 || arm64

package notify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb"
	"github.com/gocurb/curb/internal/seccomp/subprocess"
	"github.com/gocurb/curb/notify"
)

// The test is the supervisor, and each part a program that it starts, or a process
// in which both are.
func TestMain(m *testing.M) {
	subprocess.Main(m, map[string]func(){
		"ask":                  ask,
		"describe":             describe,
		"pass memory":          passMemory,
		"use descriptors":      useDescriptors,
		"ask in threads":       askInThreads,
		"exec":                 execute,
		"be signalled":         beSignalled,
		"list":                 list,
		"die":                  die,
		"own thread":           ownThread,
		"older kernel":         olderKernel,
		"supervise":            supervise,
		"ask silently":         askSilently,
		"unprivileged":         unprivileged,
		"unprivileged program": unprivilegedProgram,
		"fork once":            forkOnce,
		"few descriptors":      fewDescriptors,
		"no seccomp":           noSeccomp,
	})
}

// asking is a policy that lets everything pass and asks about some calls.
func asking(names ...string) curb.Policy {
	p := curb.Deny()
	for _, name := range names {
		p = p.On(name, curb.Notify)
	}
	return p
}

// A program is what a test has started.
type program struct {
	*notify.Listener
	process *os.Process
	output  *os.File
}

// command is a part as a program.
func command(part string, args ...string) notify.Command {
	executable, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return notify.Command{Path: executable, Args: append([]string{executable}, args...), Env: subprocess.Environment(part)}
}

func start(t testing.TB, policy curb.Policy, part string, args ...string) *program {
	t.Helper()
	return startCommand(t, policy, command(part, args...))
}

func startCommand(t testing.TB, policy curb.Policy, c notify.Command) *program {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	c.Stdout, c.Stderr = w, w
	listener, process, err := notify.Start(c, policy)
	if err != nil {
		r.Close()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		process.Kill()
		process.Wait()
		listener.Close()
		r.Close()
	})
	return &program{listener, process, r}
}

// receive gives the next request.
func (p *program) receive(t testing.TB) *notify.Request {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	request, err := p.Receive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return request
}

// ends waits for the end, which is to be exit status 0, and gives what the program
// wrote.
func (p *program) ends(t testing.TB) string {
	t.Helper()
	out, err := io.ReadAll(p.output)
	if err != nil {
		t.Fatal(err)
	}
	state, err := p.process.Wait()
	if err != nil || !state.Success() {
		t.Fatalf("the program ends with %v, %v\n%s", state, err, out)
	}
	return string(out)
}

func no(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ask asks for as many parents as it is told to.
func ask() {
	var times int
	fmt.Sscan(subprocess.Args()[0], &times)
	for range times {
		value, _, errno := syscall.Syscall(unix.SYS_GETPPID, 0, 0, 0)
		fmt.Println(int(value), int(errno))
	}
}

// askSilently asks as many times as it is told to.
func askSilently() {
	var times int
	fmt.Sscan(subprocess.Args()[0], &times)
	for range times {
		syscall.Syscall(unix.SYS_GETPPID, 0, 0, 0)
	}
}

func TestAnswers(t *testing.T) {
	file, err := os.Open(os.DevNull)
	no(t, err)
	defer file.Close()
	var number int
	answers := []struct {
		answer func(*notify.Request) error
		want   string
	}{
		{func(r *notify.Request) error { return r.Fail(syscall.EXDEV) }, fmt.Sprint("-1 ", int(syscall.EXDEV))},
		{func(r *notify.Request) error { return r.Fail(4094) }, "-1 4094"},
		{func(r *notify.Request) error { return r.Return(42) }, "42 0"},
		{func(r *notify.Request) error { return r.Return(1 << 40) }, fmt.Sprint(1<<40, " 0")},
		{func(r *notify.Request) error { return r.Return(-2) }, "-1 2"},
		{func(r *notify.Request) error { return r.Continue() }, fmt.Sprint(os.Getpid(), " 0")},
		{func(r *notify.Request) (err error) { number, err = r.ReturnFile(file, 0); return err }, "%d 0"},
	}
	p := start(t, asking("getppid"), "ask", fmt.Sprint(len(answers)))
	var want strings.Builder
	for _, a := range answers {
		r := p.receive(t)
		no(t, r.Valid())
		for _, errno := range []syscall.Errno{0, 4096} {
			if err := r.Fail(errno); err == nil || !strings.Contains(err.Error(), "not an error number") {
				t.Errorf("errno %d as an answer: %v", errno, err)
			}
		}
		no(t, a.answer(r))
		for _, again := range []error{r.Fail(syscall.EPERM), r.Return(0), r.Continue(), r.Valid(), second(r.AddFile(file, 0)), second(r.ReturnFile(file, 0))} {
			if !errors.Is(again, notify.ErrAnswered) {
				t.Errorf("after the answer: %v", again)
			}
		}
		if strings.Contains(a.want, "%d") {
			a.want = fmt.Sprintf(a.want, number)
		}
		fmt.Fprintln(&want, a.want)
	}
	if got := p.ends(t); got != want.String() {
		t.Errorf("the program got\n%swant\n%s", got, &want)
	}
	if _, err := p.Receive(t.Context()); err != io.EOF {
		t.Errorf("after the program's end: %v, want EOF", err)
	}
}

func second[T any](_ T, err error) error { return err }

// describe says who it is and what it asks.
func describe() {
	runtime.LockOSThread()
	fmt.Println(os.Getpid(), syscall.Gettid())
	syscall.Syscall6(unix.SYS_SETHOSTNAME, 1, 2, 3, 4, 5, ^uintptr(5))
}

func TestRequest(t *testing.T) {
	p := start(t, asking("sethostname"), "describe")
	r := p.receive(t)
	pid, err := r.PID()
	no(t, err)
	if r.Call.Nr != unix.SYS_SETHOSTNAME || r.Syscall() != "sethostname" || r.Call.IP == 0 ||
		r.Call.Args != [6]uint64{1, 2, 3, 4, 5, ^uint64(5)} {
		t.Errorf("the request is %v, %+v", r, r.Call)
	}
	if want := fmt.Sprintf("sethostname of thread %d", r.TID); r.String() != want {
		t.Errorf("the request is %q, want %q", r, want)
	}
	no(t, r.Return(0))
	if err := second(r.PID()); !errors.Is(err, notify.ErrAnswered) {
		t.Errorf("the process after the answer: %v", err)
	}
	if got, want := p.ends(t), fmt.Sprintln(pid, r.TID); got != want || pid != p.process.Pid {
		t.Errorf("process and thread are %q, want %q", got, want)
	}
}

// passMemory passes addresses: of a text, of the end of its memory twice, of none,
// and of a buffer.
func passMemory() {
	page := os.Getpagesize()
	memory, err := unix.Mmap(-1, 0, 2*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		subprocess.Fatal(err)
	}
	at := func(b []byte) uintptr { return uintptr(unsafe.Pointer(&b[0])) }
	if _, _, errno := syscall.RawSyscall(unix.SYS_MUNMAP, at(memory[page:]), uintptr(page), 0); errno != 0 {
		subprocess.Fatal(errno)
	}
	long := append(bytes.Repeat([]byte("long"), 3000), 0)
	copy(memory[page-4:], "end")
	buffer := make([]byte, 10)
	last := at(memory) + uintptr(page)
	for _, address := range []uintptr{at(long), last - 4, last - 2, 8, at(buffer)} {
		if _, _, errno := syscall.Syscall(unix.SYS_SETHOSTNAME, address, 0, 0); errno != 0 {
			subprocess.Fatal(errno)
		}
		memory[page-1] = 'x' // from the second on the mapping ends within a string
	}
	runtime.KeepAlive(long)
	fmt.Printf("%q\n", buffer)
}

func TestMemory(t *testing.T) {
	p := start(t, asking("sethostname"), "pass memory")
	next := func() (*notify.Request, uint64) {
		r := p.receive(t)
		return r, r.Call.Args[0]
	}
	r, address := next()
	long := strings.Repeat("long", 3000)
	if s, err := r.ReadString(address, len(long)); err != nil || s != long {
		t.Errorf("a long string: %q, %v", s, err)
	}
	if s, err := r.ReadString(address, len(long)-1); !errors.Is(err, syscall.ENAMETOOLONG) {
		t.Errorf("beyond the limit: %q, %v", s, err)
	}
	content := make([]byte, 7)
	if err := r.Read(address+1, content); err != nil || string(content) != "onglong" {
		t.Errorf("bytes: %q, %v", content, err)
	}
	no(t, r.Read(address, nil))
	no(t, r.Return(0))
	if err := r.Read(address, content); !errors.Is(err, notify.ErrAnswered) {
		t.Errorf("after the answer: %v", err)
	}

	for _, end := range []string{"at the end", "over the end", "nothing there"} {
		r, address := next()
		s, err := r.ReadString(address, 100)
		if !errors.Is(err, syscall.EFAULT) || s != "" || !strings.Contains(err.Error(), fmt.Sprintf("%v: read a string at %#x: bad address", r, address)) {
			t.Errorf("%s: %q, %v", end, s, err)
		}
		if err := r.Read(address, make([]byte, 8192)); !errors.Is(err, syscall.EFAULT) {
			t.Errorf("%s: bytes: %v", end, err)
		}
		if err := r.Write(address, bytes.Repeat([]byte("x"), 8192)); !errors.Is(err, syscall.EFAULT) {
			t.Errorf("%s: writing: %v", end, err)
		}
		no(t, r.Return(0))
	}

	r, address = next()
	for _, wrong := range []uint64{1 << 63, ^uint64(0)} {
		if err := r.Write(wrong, content); !errors.Is(err, syscall.EFAULT) {
			t.Errorf("writing at %#x: %v", wrong, err)
		}
		if err := r.Read(wrong, content); !errors.Is(err, syscall.EFAULT) {
			t.Errorf("reading at %#x: %v", wrong, err)
		}
	}
	no(t, r.Write(address+2, []byte("written")))
	no(t, r.Return(0))
	if err := r.Write(address, content); !errors.Is(err, notify.ErrAnswered) {
		t.Errorf("writing after the answer: %v", err)
	}
	if got, want := p.ends(t), fmt.Sprintf("%q\n", "\x00\x00written\x00"); got != want {
		t.Errorf("the program's buffer is %s, want %s", got, want)
	}
}

// useDescriptors reads from what it is given, by the number that the call returns,
// and says which are close-on-exec.
func useDescriptors() {
	for range 3 {
		number, _, errno := syscall.Syscall(unix.SYS_GETPPID, 0, 0, 0)
		if errno != 0 {
			subprocess.Fatal(errno)
		}
		flags, err := unix.FcntlInt(number, unix.F_GETFD, 0)
		if err != nil {
			subprocess.Fatal(number, err)
		}
		content, err := io.ReadAll(os.NewFile(number, "given"))
		fmt.Println(string(content), flags == unix.FD_CLOEXEC, err)
	}
}

func TestDescriptors(t *testing.T) {
	give := func(text string) *os.File {
		r, w, err := os.Pipe()
		no(t, err)
		t.Cleanup(func() { r.Close() })
		w.WriteString(text)
		w.Close()
		return r
	}
	p := start(t, asking("getppid"), "use descriptors")
	r := p.receive(t)
	if _, err := r.AddFile(give(""), unix.O_NONBLOCK); err == nil || !strings.Contains(err.Error(), "only O_CLOEXEC") {
		t.Errorf("a wrong flag: %v", err)
	}
	if err := r.AddFileAt(give(""), -1, 0); err == nil || !strings.Contains(err.Error(), "not a descriptor") {
		t.Errorf("a wrong number: %v", err)
	}
	if err := r.AddFileAt(give(""), 1<<30, 0); !errors.Is(err, syscall.EBADF) {
		t.Errorf("a number above the limit: %v", err)
	}
	closed := give("")
	closed.Close()
	if _, err := r.AddFile(closed, 0); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a closed file: %v", err)
	}
	number, err := r.AddFile(give("added"), unix.O_CLOEXEC)
	no(t, err)
	no(t, r.Return(int64(number)))

	r = p.receive(t)
	no(t, r.AddFileAt(give("in its place"), 77, 0))
	no(t, r.AddFileAt(give("at a number"), 77, 0))
	no(t, r.Return(77))

	r = p.receive(t)
	if _, err := r.ReturnFile(closed, 0); !errors.Is(err, os.ErrClosed) {
		t.Errorf("an answer with a closed file: %v", err)
	}
	no(t, r.Valid())
	_, err = r.ReturnFile(give("returned"), unix.O_CLOEXEC)
	no(t, err)
	if got, want := p.ends(t), "added true <nil>\nat a number false <nil>\nreturned true <nil>\n"; got != want {
		t.Errorf("the program says\n%swant\n%s", got, want)
	}
}

const (
	threads = 200
	rounds  = 25
)

// askInThreads asks from many threads at once, each with a number of its own, and
// wants that back.
func askInThreads() {
	var all sync.WaitGroup
	for i := range threads {
		all.Go(func() {
			runtime.LockOSThread()
			for j := range rounds {
				number := uintptr(i*rounds + j)
				if got, _, errno := syscall.Syscall(unix.SYS_SETHOSTNAME, number, 0, 0); got != number || errno != 0 {
					subprocess.Fatal("asked with", number, "got", got, errno)
				}
			}
		})
	}
	all.Wait()
	fmt.Println("all is well")
}

func TestManyThreads(t *testing.T) {
	before := resources(t)
	p := start(t, asking("sethostname"), "ask in threads")
	var receivers, answers sync.WaitGroup
	seen := make([]bool, threads*rounds)
	asked := 0
	allAsk := make(chan struct{}) // closed when every thread waits for an answer
	var mu sync.Mutex
	for range 16 {
		receivers.Go(func() {
			for {
				r, err := p.Receive(t.Context())
				if err == io.EOF {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				answers.Go(func() {
					number := r.Call.Args[0]
					mu.Lock()
					seen[number] = true
					if asked++; asked == threads {
						close(allAsk)
					}
					mu.Unlock()
					<-allAsk
					if err := r.Return(int64(number)); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
	if got := p.ends(t); got != "all is well\n" {
		t.Error(got)
	}
	receivers.Wait()
	answers.Wait()
	for number, seen := range seen {
		if !seen {
			t.Errorf("nobody was asked for %d", number)
		}
	}
	no(t, p.Close())
	p.output.Close()
	before.leaked(t, 8)
}

// counts are what a test may not leave more of.
type counts struct{ goroutines, threads, files int }

func resources(t testing.TB) counts {
	t.Helper()
	entries := func(dir string) int {
		names, err := os.ReadDir(dir)
		no(t, err)
		return len(names)
	}
	return counts{runtime.NumGoroutine(), entries("/proc/self/task"), entries("/proc/self/fd")}
}

// leaked fails if more is there than before, once what ends on its own has done
// so. The runtime keeps threads for later, so a few more of those are none.
func (before counts) leaked(t testing.TB, moreThreads int) {
	t.Helper()
	var now counts
	for range 500 {
		now = resources(t)
		if now.goroutines <= before.goroutines && now.files <= before.files && now.threads <= before.threads+moreThreads {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("there were %+v, and are %+v", before, now)
}

// BenchmarkAnswer is the time from a call to its answer, with the start and the end
// of the program that calls.
func BenchmarkAnswer(b *testing.B) {
	for _, sync := range []bool{false, true} {
		b.Run(fmt.Sprintf("sync=%t", sync), func(b *testing.B) {
			p := start(b, asking("getppid"), "ask silently", fmt.Sprint(b.N))
			if sync {
				no(b, p.SyncWakeUp())
			}
			for range b.N {
				r, err := p.Receive(b.Context())
				no(b, err)
				no(b, r.Return(1))
			}
			p.ends(b)
		})
	}
}
