// Reflection calls methods that it looks up by their names, on values that it has got
// hold of in every way that is open to it: nothing else leads to these methods, and no
// interface asks for them. It makes no values of types that it finds.
package main

import (
	"reflect"
	"strings"
	"text/template"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/scan/testdata/breakers/rare"
)

func main() {
	templates()
	values()
	types()
}

// Types whose methods templates call.
type (
	page struct {
		Given    given
		Nested   struct{ Far inField }
		Elements []inSlice
		Keyed    map[string]*inMap
		Array    [1]inArray
		Channel  chan inChannel
		Any      any
		Func     func() fromFunc
		Iterator func(yield func(fromIterator) bool)
		embedded
		*pointedAt
		promoted
		generic[int]
	}
	embedded  struct{ Exported inEmbedded }
	pointedAt struct{ Deeper inPointedAt }

	given          struct{}
	inField        struct{ _ int }
	inSlice        struct{}
	inMap          struct{}
	inArray        struct{}
	inChannel      struct{}
	inInterface    struct{}
	fromFunc       struct{}
	fromMethod     struct{}
	fromIterator   struct{}
	inEmbedded     struct{}
	inPointedAt    struct{}
	promoted       struct{}
	generic[T any] struct{ Of T }
	fromBuiltin    struct{}
)

func (given) Shown() string        { rare.Call("sysinfo", unix.SYS_SYSINFO); return "" }
func (*inField) Shown() string     { rare.Call("getpriority", unix.SYS_GETPRIORITY); return "" }
func (inSlice) Shown() string      { rare.Call("personality", unix.SYS_PERSONALITY); return "" }
func (*inMap) Shown() string       { rare.Call("getsid", unix.SYS_GETSID); return "" }
func (inArray) Shown() string      { rare.Call("getpgid", unix.SYS_GETPGID); return "" }
func (inChannel) Shown() string    { rare.Call("getrusage", unix.SYS_GETRUSAGE); return "" }
func (inInterface) Shown() string  { rare.Call("getitimer", unix.SYS_GETITIMER); return "" }
func (fromFunc) Shown() string     { rare.Call("getresuid", unix.SYS_GETRESUID); return "" }
func (given) Makes() *fromMethod   { return &fromMethod{} }
func (*fromMethod) Shown() string  { rare.Call("getresgid", unix.SYS_GETRESGID); return "" }
func (fromIterator) Shown() string { rare.Call("capget", unix.SYS_CAPGET); return "" }
func (inEmbedded) Shown() string   { rare.Call("statfs", unix.SYS_STATFS); return "" }
func (*inPointedAt) Shown() string { rare.Call("fstatfs", unix.SYS_FSTATFS); return "" }
func (promoted) Promoted() string  { rare.Call("lookup_dcookie", unix.SYS_LOOKUP_DCOOKIE); return "" }
func (generic[T]) Generic() string { rare.Call("io_destroy", unix.SYS_IO_DESTROY); return "" }
func (fromBuiltin) Shown() string  { rare.Call("io_cancel", unix.SYS_IO_CANCEL); return "" }

const text = `{{.Given.Shown}}{{.Nested.Far.Shown}}{{range .Elements}}{{.Shown}}{{end}}{{range .Keyed}}{{.Shown}}{{end}}
{{(index .Array 0).Shown}}{{range .Channel}}{{.Shown}}{{end}}{{.Any.Shown}}{{(call .Func).Shown}}{{.Given.Makes.Shown}}
{{range .Iterator}}{{.Shown}}{{end}}{{.Exported.Shown}}{{.Deeper.Shown}}{{.Promoted}}{{.Generic}}{{made.Shown}}`

func templates() {
	p := &page{
		Elements: make([]inSlice, 1), Keyed: map[string]*inMap{"": {}}, Channel: make(chan inChannel, 1), Any: inInterface{},
		Func: func() fromFunc { return fromFunc{} }, Iterator: func(yield func(fromIterator) bool) { yield(fromIterator{}) },
		pointedAt: &pointedAt{},
	}
	p.Channel <- inChannel{}
	close(p.Channel)
	made := template.FuncMap{"made": func() fromBuiltin { return fromBuiltin{} }}
	if err := template.Must(template.New("").Funcs(made).Parse(text)).Execute(&strings.Builder{}, p); err != nil {
		panic(err)
	}
}

// Types whose methods are looked up of values.
type (
	outer struct {
		Inner  struct{ Chosen byNumber }
		Map    map[byKey]byElement
		Func   func() (byResult, error)
		Pipe   chan byMessage
		Any    interface{ hidden() }
		Parent *outer
	}
	byNumber  struct{}
	byKey     int
	byElement struct{}
	byResult  struct{}
	byMessage struct{}
	byDynamic struct{ _ int }
	byPointer struct{ _ int }
)

func (byNumber) Only()       { rare.Call("io_submit", unix.SYS_IO_SUBMIT) }
func (byKey) Key()           { rare.Call("mq_getsetattr", unix.SYS_MQ_GETSETATTR) }
func (byElement) Element()   { rare.Call("mq_unlink", unix.SYS_MQ_UNLINK) }
func (byResult) Result()     { rare.Call("mq_notify", unix.SYS_MQ_NOTIFY) }
func (byMessage) Message()   { rare.Call("timer_getoverrun", unix.SYS_TIMER_GETOVERRUN) }
func (byDynamic) hidden()    {}
func (byDynamic) Dynamic()   { rare.Call("timer_gettime", unix.SYS_TIMER_GETTIME) }
func (*byPointer) Pointed()  { rare.Call("timer_delete", unix.SYS_TIMER_DELETE) }
func call(v reflect.Value)   { v.Call(nil) }
func named(name string) any  { return map[string]any{"pointer": &[]byPointer{{}}}[name] }
func (outer) unused() string { return "" }

func values() {
	o := outer{
		Map: map[byKey]byElement{1: {}}, Func: func() (byResult, error) { return byResult{}, nil }, Pipe: make(chan byMessage, 1),
		Any: byDynamic{},
	}
	o.Pipe <- byMessage{}
	v := reflect.ValueOf(&outer{Parent: &o}).Elem().FieldByName("Parent").Elem()
	call(v.Field(0).Field(0).Method(0))
	for entries := v.FieldByName("Map").MapRange(); entries.Next(); {
		call(entries.Key().MethodByName("Key"))
		call(entries.Value().MethodByName("Element"))
	}
	call(v.FieldByName("Func").Call(nil)[0].MethodByName("Result"))
	message, _ := v.FieldByName("Pipe").Recv()
	call(message.MethodByName("Message"))
	call(v.FieldByName("Any").Elem().MethodByName("Dynamic"))
	call(reflect.ValueOf(named("pointer")).Elem().Index(0).Addr().MethodByName("Pointed"))
}

// Types whose methods are looked up of types. The fields are not exported, and there
// is no value of a named type in an interface: the method converts one of another type.
type (
	holder struct {
		list   list
		record record
		looked *looked
	}
	list   []int
	record struct{ A, B int }
	looked struct{ Public ofType }
	ofType struct{}
)

func (list) Listed()     { rare.Call("lgetxattr", unix.SYS_LGETXATTR) }
func (record) Recorded() { rare.Call("fgetxattr", unix.SYS_FGETXATTR) }
func (ofType) Typed()    { rare.Call("fremovexattr", unix.SYS_FREMOVEXATTR) }

func types() {
	t := reflect.TypeOf(holder{})
	t.Field(0).Type.Method(0).Func.Call([]reflect.Value{reflect.ValueOf([]int{1})})
	t.Field(1).Type.Method(0).Func.Call([]reflect.Value{reflect.ValueOf(struct{ A, B int }{})})
	m, _ := reflect.TypeOf((*looked)(nil)).Elem().Field(0).Type.MethodByName("Typed")
	m.Func.Call([]reflect.Value{reflect.ValueOf(looked{}).Field(0)})
}
