// Calls a gRPC method with grpc-go: messages are files of bytes, so no generated code is needed. It reads one call as JSON from
// stdin and prints how it ended as JSON; the answers are written to files.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"millrace.test/callers/passthrough"
)

type call struct {
	Address  string            `json:"address"`
	Method   string            `json:"method"`
	Messages []string          `json:"messages"` // paths of files, sent in this order
	Answers  string            `json:"answers"`  // folder for the answers: files 0, 1, ...
	Metadata map[string]string `json:"metadata"`
	// Zero: no deadline.
	TimeoutMs int `json:"timeoutMs"`
	// Cancels the call after so many answers; zero: never.
	CancelAfter int    `json:"cancelAfter"`
	Gzip        bool   `json:"gzip"`
	CA          string `json:"ca"` // path of the certificate authority; empty: without TLS
}

type ending struct {
	Answers int    `json:"answers"`
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func main() {
	var asked call
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		fail(err)
	}
	answers, err := run(asked)
	ended := status.Convert(err)
	if err := json.NewEncoder(os.Stdout).Encode(ending{answers, int(ended.Code()), ended.Message()}); err != nil {
		fail(err)
	}
}

func run(asked call) (int, error) {
	transport := insecure.NewCredentials()
	if asked.CA != "" {
		loaded, err := credentials.NewClientTLSFromFile(asked.CA, "")
		if err != nil {
			fail(err)
		}
		transport = loaded
	}
	connection, err := grpc.NewClient(asked.Address, grpc.WithTransportCredentials(transport))
	if err != nil {
		fail(err)
	}
	defer connection.Close()

	ctx, cancel := context.WithCancel(metadata.NewOutgoingContext(context.Background(), metadata.New(asked.Metadata)))
	defer cancel()
	if asked.TimeoutMs > 0 {
		var done context.CancelFunc
		ctx, done = context.WithTimeout(ctx, time.Duration(asked.TimeoutMs)*time.Millisecond)
		defer done()
	}
	options := []grpc.CallOption{
		grpc.ForceCodec(passthrough.Codec{}),
		grpc.MaxCallRecvMsgSize(1 << 30),
		grpc.MaxCallSendMsgSize(1 << 30),
	}
	if asked.Gzip {
		options = append(options, grpc.UseCompressor(gzip.Name))
	}
	// Every kind of call is a stream of both sides on the wire.
	kind := &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}
	stream, err := connection.NewStream(ctx, kind, asked.Method, options...)
	if err != nil {
		return 0, err
	}
	for _, path := range asked.Messages {
		message, err := os.ReadFile(path)
		if err != nil {
			fail(err)
		}
		if err := stream.SendMsg(&message); errors.Is(err, io.EOF) {
			break // the status comes with the next answer
		} else if err != nil {
			return 0, err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return 0, err
	}
	for answers := 0; ; answers++ {
		if asked.CancelAfter > 0 && answers == asked.CancelAfter {
			cancel()
		}
		var answer []byte
		if err := stream.RecvMsg(&answer); errors.Is(err, io.EOF) {
			return answers, nil
		} else if err != nil {
			return answers, err
		}
		if err := os.WriteFile(filepath.Join(asked.Answers, fmt.Sprint(answers)), answer, 0o600); err != nil {
			fail(err)
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
