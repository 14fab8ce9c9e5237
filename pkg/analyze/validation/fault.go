package validation

import (
	"google.golang.org/grpc/codes"
	networking "istio.io/api/networking/v1alpha3"
)

func (c *checker) fault(at *place, f *networking.HTTPFaultInjection) {
	if f == nil {
		return
	}
	if f.Abort == nil && f.Delay == nil {
		c.failf(at, "a fault needs abort or delay")
	}
	if f.Abort != nil {
		c.abort(at.Child("abort"), f.Abort)
	}
	if f.Delay != nil {
		c.delay(at.Child("delay"), f.Delay)
	}
}

func (c *checker) abort(at *place, a *networking.HTTPFaultInjection_Abort) {
	c.faultShare(at.Child("percentage"), a.Percentage)
	switch kind := a.ErrorType.(type) {
	case *networking.HTTPFaultInjection_Abort_GrpcStatus:
		if !isGRPCStatus(kind.GrpcStatus) {
			c.failf(at.Child("grpcStatus"), "%q is not a status of gRPC such as NOT_FOUND", kind.GrpcStatus)
		}
	case *networking.HTTPFaultInjection_Abort_Http2Error:
		c.failf(at.Child("http2Error"), "http2Error is not supported")
	case *networking.HTTPFaultInjection_Abort_HttpStatus:
		c.httpStatus(at.Child("httpStatus"), int64(kind.HttpStatus))
	default:
		c.warnf(at, "the abort says no status, so it has no effect")
	}
}

func (c *checker) delay(at *place, d *networking.HTTPFaultInjection_Delay) {
	c.faultShare(at.Child("percentage"), d.Percentage)
	switch kind := d.HttpDelayType.(type) {
	case *networking.HTTPFaultInjection_Delay_FixedDelay:
		c.duration(at.Child("fixedDelay"), kind.FixedDelay)
	case *networking.HTTPFaultInjection_Delay_ExponentialDelay:
		c.duration(at.Child("exponentialDelay"), kind.ExponentialDelay)
		c.failf(at.Child("exponentialDelay"), "exponentialDelay is not supported")
	}
}

// faultShare checks the share of requests with a fault. Envoy counts in parts
// of a million; less than that would be none.
func (c *checker) faultShare(at *place, share *networking.Percent) {
	const least = 0.0001
	if value := share.GetValue(); value < 0 || value > 100 || value > 0 && value < least {
		c.failf(at.Child("value"), "%v is neither 0 nor between %v and 100", value, least)
	}
}

func isGRPCStatus(name string) bool {
	var code codes.Code
	return code.UnmarshalJSON([]byte(`"`+name+`"`)) == nil
}
