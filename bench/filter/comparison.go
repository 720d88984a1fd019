package main

import (
	"fmt"
	"math"

	"github.com/gocurb/curb/bench/internal/page"
)

// A comparison is of figures of which less is better. The first row is curb's,
// which ratios are to.
type comparison struct {
	title   string
	rows    []row
	figures []figure
}

// A row says whose figures they are. Of those that are neither curb's nor a
// peer's nobody has to be as good.
type row struct {
	name       string
	curb, peer bool
}

// A figure has a value for each row, or NaN where there is none.
type figure struct {
	name     string
	decimals int
	values   []float64
	ratio    bool // whether ratios are shown too
}

// none is the value of a figure that a row does not have.
var none = math.NaN()

// String gives the table.
func (c comparison) String() string {
	header := []string{c.title}
	for _, f := range c.figures {
		header = append(header, f.name)
		if f.ratio {
			header = append(header, "ratio")
		}
	}
	t := page.Table{header}
	for i, row := range c.rows {
		cells := []string{row.name}
		for _, f := range c.figures {
			cells = append(cells, number(f.values[i], f.decimals))
			if f.ratio {
				cells = append(cells, number(f.values[i]/f.values[0], 2))
			}
		}
		t = append(t, cells)
	}
	return t.String()
}

func number(value float64, decimals int) string {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return "-"
	}
	return fmt.Sprintf("%.*f", decimals, value)
}

// better appends to a table where a peer has a figure that is less than one of
// curb's, by a twentieth or more: the best of them.
func (c comparison) better(t page.Table) page.Table {
	for _, f := range c.figures {
		best := -1
		for i, row := range c.rows {
			if row.peer && (best < 0 || f.values[i] < f.values[best]) {
				best = i
			}
		}
		for i, row := range c.rows {
			if row.curb && best >= 0 && f.values[best] < 0.95*f.values[i] {
				t = append(t, []string{c.title + ": " + f.name, row.name, number(f.values[i], f.decimals),
					c.rows[best].name, number(f.values[best], f.decimals), number(f.values[best]/f.values[i], 2)})
			}
		}
	}
	return t
}
