package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	clients = 24
	// perConnection is how many requests a client makes before it takes a new
	// connection, on the average.
	perConnection = 20
)

// A load is what the server has to bear.
type load struct {
	duration time.Duration
	files    int // how many of a hundred requests are for files
}

// put asks the server for what it has, and returns how many answers there were.
func (l load) put(address string) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), l.duration)
	defer cancel()
	var answers atomic.Int64
	var failure atomic.Value
	var wg sync.WaitGroup
	for i := range clients {
		rnd := rand.New(rand.NewPCG(uint64(i), 1))
		wg.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for ctx.Err() == nil {
				if err := l.ask(client, "http://"+address, rnd); err != nil {
					failure.Store(err)
					return
				}
				answers.Add(1)
				if rnd.IntN(perConnection) == 0 {
					client.CloseIdleConnections()
				}
			}
		})
	}
	wg.Wait()
	err, _ := failure.Load().(error)
	return int(answers.Load()), err
}

// ask makes one request: for a file, which is most often the small one, or for
// what comes from memory.
func (l load) ask(client *http.Client, server string, rnd *rand.Rand) error {
	path := "/status"
	if rnd.IntN(100) < l.files {
		switch n := rnd.IntN(100); {
		case n < 57:
			path = "/files/small.html"
		case n < 91:
			path = "/files/medium.js"
		default:
			path = "/files/large.jpg"
		}
	}
	answer, err := client.Get(server + path)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", answer.Request.Method, answer.Request.URL, answer.Status)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}
