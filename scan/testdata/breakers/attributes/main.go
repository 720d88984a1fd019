// Attributes starts itself as a child in every way in which a program can say what
// is special about the child, with another attribute for each way.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"syscall"
	"unsafe"
)

const self = "/proc/self/exe"

func main() {
	if len(os.Args) > 1 && os.Args[1] == "child" {
		return
	}
	literal()
	fields()
	embedded()
	decoded()
	copied()
	element()
	direct()
	started()
	reflected()
	shared()
	byUnsafe()
	byGlobal()
}

//go:noinline
func same[T any](x T) T { return x }

func command(attr *syscall.SysProcAttr) *exec.Cmd {
	cmd := exec.Command(self, "child")
	cmd.SysProcAttr = attr
	return cmd
}

func report(name string, err error) { fmt.Println("made", name, err) }

func literal() {
	report("setsid", command(&syscall.SysProcAttr{Setsid: true}).Run())
}

// byField is changed field by field.
var byField syscall.SysProcAttr

func fields() {
	byField.Setpgid = len(os.Args) > 0
	report("setpgid", command(&byField).Run())
}

type extended struct {
	name string
	syscall.SysProcAttr
	more int
}

func embedded() {
	e := same(&extended{name: "it"})
	e.Chroot = "/"
	report("chroot", command(&e.SysProcAttr).Run())
}

func decoded() {
	var attr syscall.SysProcAttr
	err := json.Unmarshal([]byte(`{"Pdeathsig": 9}`), &attr)
	if err == nil {
		err = command(&attr).Run()
	}
	report("prctl getppid", err)
}

// model is copied from, as a whole.
var model = syscall.SysProcAttr{Credential: &syscall.Credential{}}

func copied() {
	cmd := command(new(syscall.SysProcAttr))
	*cmd.SysProcAttr = model
	report("setgroups setgid setuid", cmd.Run())
}

func element() {
	attrs := make([]syscall.SysProcAttr, same(3))
	attrs[same(1)].Unshareflags = syscall.CLONE_NEWUTS
	for i := range attrs {
		report("unshare", command(&attrs[i]).Run())
	}
}

// direct does without os/exec, and gives the terminal up that descriptor 0 is not.
func direct() {
	pid, err := syscall.ForkExec(self, []string{self, "child"}, &syscall.ProcAttr{
		Files: []uintptr{0, 1, 2}, Sys: &syscall.SysProcAttr{Noctty: true},
	})
	if err == nil {
		_, err = syscall.Wait4(pid, nil, 0, nil)
	}
	report("ioctl", err)
}

func started() {
	attr := &os.ProcAttr{Sys: new(syscall.SysProcAttr)}
	attr.Sys.AmbientCaps = append(attr.Sys.AmbientCaps, 10)
	p, err := os.StartProcess(self, []string{self, "child"}, attr)
	if err == nil {
		_, err = p.Wait()
	}
	report("capget capset prctl", err)
}

func reflected() {
	var attr syscall.SysProcAttr
	v := reflect.ValueOf(&attr).Elem()
	v.FieldByName("UseCgroupFD").SetBool(true)
	v.FieldByName("CgroupFD").SetInt(-1)
	report("clone3", command(&attr).Run())
}

// shared is changed through a pointer that an interface in a map holds.
var shareds = map[string]any{}

func shared() {
	cmd := command(&syscall.SysProcAttr{Ctty: -1})
	shareds["it"] = cmd.SysProcAttr
	shareds[same("it")].(*syscall.SysProcAttr).Foreground = true
	report("setpgid ioctl", cmd.Run())
}

func byUnsafe() {
	attr := new(syscall.SysProcAttr)
	at := unsafe.Add(unsafe.Pointer(attr), unsafe.Offsetof(attr.Cloneflags))
	*(*uintptr)(at) = syscall.CLONE_NEWUTS
	report("clone", command(attr).Run())
}

// changed is what a function that is called through a variable makes of it.
var (
	changed syscall.SysProcAttr
	change  = func(attr *syscall.SysProcAttr) { *attr = syscall.SysProcAttr{PidFD: new(int)} }
)

func byGlobal() {
	change(&changed)
	cmd := command(&changed)
	err := cmd.Run()
	report("clone", err)
	if err == nil {
		syscall.Close(*changed.PidFD)
	}
}
