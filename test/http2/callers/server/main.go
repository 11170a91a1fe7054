// Serves every gRPC method with grpc-go; messages are bytes, so no generated code is needed. It prints its port as the first
// line, and stops gracefully when stdin ends. What a call does is in its metadata:
//
//	x-repeat  sends each message so many times instead of once
//	x-wait    sends nothing, prints "waits", and "left" once the client has left
//	x-code    fails with this status and the message "größer – 100 %"
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip" // lets it read compressed messages
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"millrace.test/callers/passthrough"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	server := grpc.NewServer(
		grpc.ForceServerCodec(passthrough.Codec{}),
		grpc.UnknownServiceHandler(serve),
		grpc.MaxConcurrentStreams(8),
		grpc.MaxRecvMsgSize(1<<30),
		grpc.MaxSendMsgSize(1<<30),
	)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		server.GracefulStop()
	}()
	if err := server.Serve(listener); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(_ any, stream grpc.ServerStream) error {
	asked, _ := metadata.FromIncomingContext(stream.Context())
	if code := number(asked, "x-code", 0); code > 0 {
		return status.Error(codes.Code(code), "größer – 100 %")
	}
	repeat := number(asked, "x-repeat", 1)
	for {
		var message []byte
		if err := stream.RecvMsg(&message); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if len(asked.Get("x-wait")) > 0 {
			fmt.Println("waits")
			<-stream.Context().Done()
			fmt.Println("left")
			return stream.Context().Err()
		}
		for count := 0; count < repeat; count++ {
			if err := stream.SendMsg(&message); err != nil {
				return err
			}
		}
	}
}

func number(asked metadata.MD, name string, otherwise int) int {
	values := asked.Get(name)
	if len(values) == 0 {
		return otherwise
	}
	value, err := strconv.Atoi(values[0])
	if err != nil {
		return otherwise
	}
	return value
}
