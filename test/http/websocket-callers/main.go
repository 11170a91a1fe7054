// Talks to a gateway with github.com/coder/websocket. It reads one call as JSON from stdin and prints how it ended as JSON.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/coder/websocket"
)

type call struct {
	URL          string            `json:"url"`
	Subprotocols []string          `json:"subprotocols"`
	Headers      map[string]string `json:"headers"`
	// Texts, or bytes in base64.
	Messages []string `json:"messages"`
	IsBinary bool     `json:"isBinary"`
}

type ending struct {
	// Of the handshake.
	Status      int      `json:"status"`
	Subprotocol string   `json:"subprotocol"`
	Answers     []string `json:"answers"`
	Code        int      `json:"code"`
	Reason      string   `json:"reason"`
}

func main() {
	var asked call
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(run(asked)); err != nil {
		fail(err)
	}
}

func run(asked call) ending {
	ctx := context.Background()
	header := http.Header{}
	for name, value := range asked.Headers {
		header.Set(name, value)
	}
	options := &websocket.DialOptions{Subprotocols: asked.Subprotocols, HTTPHeader: header}
	socket, response, err := websocket.Dial(ctx, asked.URL, options)
	if err != nil {
		if response == nil {
			fail(err)
		}
		return ending{Status: response.StatusCode}
	}
	defer socket.CloseNow()
	socket.SetReadLimit(-1)
	kind := websocket.MessageText
	if asked.IsBinary {
		kind = websocket.MessageBinary
	}
	go func() {
		for _, message := range asked.Messages {
			bytes := []byte(message)
			if asked.IsBinary {
				if bytes, err = base64.StdEncoding.DecodeString(message); err != nil {
					fail(err)
				}
			}
			if err := socket.Write(ctx, kind, bytes); err != nil {
				return // the read below fails, too
			}
		}
	}()
	answers := []string{}
	for {
		kind, answer, err := socket.Read(ctx)
		if err != nil {
			var closed websocket.CloseError
			if !errors.As(err, &closed) {
				fail(err)
			}
			return ending{response.StatusCode, socket.Subprotocol(), answers, int(closed.Code), closed.Reason}
		}
		if kind == websocket.MessageBinary {
			answers = append(answers, base64.StdEncoding.EncodeToString(answer))
		} else {
			answers = append(answers, string(answer))
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
