// Command probe has functions of known names, frames and lines.
package main

// A shape is there for its method, which is called through an interface.
type shape struct{ side int }

func (s *shape) area() int { return s.side * s.side } // line 7

type sized interface{ area() int }

//go:noinline
func measure(s sized) int { return s.area() }

// outer is expanded into its caller, and inner into that.
func outer(n int) int {
	return inner(n) + 1 // line 16
}

func inner(n int) int {
	println("inner", n) // line 20
	return n * 2
}

//go:noinline
func caller(n int) int {
	return outer(n) // line 26
}

//go:noinline
func framed(n int) int {
	var room [1000]int
	for i := range room {
		room[i] = n
	}
	return scan(&room)
}

//go:noinline
func scan(room *[1000]int) int { return room[3] }

var (
	initialised = 41 // in .noptrdata
	pointer     = &initialised
	zeroed      [100]byte
)

func main() {
	*pointer++
	zeroed[3] = 1
	println(measure(&shape{side: 3}), caller(initialised), framed(2), zeroed[3])
}
