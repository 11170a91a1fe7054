// Package passthrough has a codec for gRPC messages that are bytes, so that no generated code is needed.
package passthrough

// Codec passes *[]byte through. It has the name of protobuf's codec, which gRPC takes by default.
type Codec struct{}

func (Codec) Name() string { return "proto" }

func (Codec) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }

func (Codec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}
