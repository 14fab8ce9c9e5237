package validation

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/resource"
)

func (r *report) cors(at resource.FieldPath, policy *networking.CorsPolicy) {
	if policy == nil {
		return
	}
	for i, origin := range policy.GetAllowOrigins() {
		at := sub(at, "allowOrigins", i)
		if origin.GetExact() == "" && origin.GetPrefix() == "" && origin.GetRegex() == "" {
			r.errorf(at, "an allowed origin must be an exact, prefix or regex match that is not empty")
			continue
		}
		r.check(at, checkRegexMatch(origin))
	}
	for i, method := range policy.GetAllowMethods() {
		switch method {
		case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*":
		default:
			r.errorf(sub(at, "allowMethods", i), "%q is not an HTTP method", method)
		}
	}
	for field, names := range map[string][]string{"allowHeaders": policy.GetAllowHeaders(), "exposeHeaders": policy.GetExposeHeaders()} {
		for i, name := range names {
			if name != "*" && !tokenRegexp.MatchString(name) {
				r.errorf(sub(at, field, i), "%q cannot be the name of a header", name)
			}
		}
	}
	if age := policy.GetMaxAge(); age != nil {
		r.check(sub(at, "maxAge"), checkDuration(age))
		if age.GetNanos() > 0 {
			r.errorf(sub(at, "maxAge"), "maxAge must be a whole number of seconds")
		}
	}
}

func (r *report) fault(at resource.FieldPath, fault *networking.HTTPFaultInjection) {
	if fault == nil {
		return
	}
	if fault.GetAbort() == nil && fault.GetDelay() == nil {
		r.errorf(at, "a fault needs an abort or a delay")
	}
	if abort := fault.GetAbort(); abort != nil {
		at := sub(at, "abort")
		r.faultPercentage(at, abort.GetPercentage())
		switch kind := abort.GetErrorType().(type) {
		case *networking.HTTPFaultInjection_Abort_GrpcStatus:
			if !slices.Contains(grpcStatuses(), kind.GrpcStatus) {
				r.errorf(sub(at, "grpcStatus"), "%q is not a gRPC status, such as UNAVAILABLE", kind.GrpcStatus)
			}
		case *networking.HTTPFaultInjection_Abort_Http2Error:
			r.errorf(sub(at, "http2Error"), "http2Error is not supported")
		case *networking.HTTPFaultInjection_Abort_HttpStatus:
			r.httpStatus(sub(at, "httpStatus"), kind.HttpStatus)
		default:
			r.warnf(at, "the abort does not say with which status")
		}
	}
	if delay := fault.GetDelay(); delay != nil {
		at := sub(at, "delay")
		r.faultPercentage(at, delay.GetPercentage())
		switch kind := delay.GetHttpDelayType().(type) {
		case *networking.HTTPFaultInjection_Delay_FixedDelay:
			r.check(sub(at, "fixedDelay"), checkDuration(kind.FixedDelay))
		case *networking.HTTPFaultInjection_Delay_ExponentialDelay:
			r.check(sub(at, "exponentialDelay"), checkDuration(kind.ExponentialDelay))
			r.errorf(sub(at, "exponentialDelay"), "exponentialDelay is not supported")
		}
	}
}

func (r *report) faultPercentage(at resource.FieldPath, p *networking.Percent) {
	if v := p.GetValue(); v < 0 || v > 100 || v > 0 && v < 0.0001 {
		r.errorf(sub(at, "percentage", "value"), "percentage %g is neither 0 nor in the range 0.0001..100", v)
	}
}

// grpcStatuses are the names of all gRPC status codes, as requests for faults spell them.
func grpcStatuses() []string {
	return []string{
		"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
		"PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
		"UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
	}
}

func (r *report) retries(at resource.FieldPath, retries *networking.HTTPRetry) {
	if retries == nil {
		return
	}
	if retries.GetAttempts() < 0 {
		r.errorf(sub(at, "attempts"), "attempts %d is negative", retries.GetAttempts())
	}
	if retries.GetAttempts() == 0 && (retries.GetPerTryTimeout() != nil || retries.GetRetryOn() != "" || retries.GetRetryRemoteLocalities() != nil) {
		r.errorf(sub(at, "attempts"), "attempts is 0, which disables retries, but there is a retry policy")
	}
	if retries.GetPerTryTimeout() != nil {
		r.check(sub(at, "perTryTimeout"), checkDuration(retries.GetPerTryTimeout()))
	}
	if retries.GetRetryOn() != "" {
		for condition := range strings.SplitSeq(retries.GetRetryOn(), ",") {
			status, _ := strconv.Atoi(condition)
			if http.StatusText(status) == "" && !slices.Contains(retryConditions(), condition) {
				r.errorf(sub(at, "retryOn"), "%q is not a condition on which to retry", condition)
			}
		}
	}
	if retries.GetBackoff() != nil {
		r.check(sub(at, "backoff"), checkDuration(retries.GetBackoff()))
	}
}

// retryConditions are the values of x-envoy-retry-on and x-envoy-retry-grpc-on.
func retryConditions() []string {
	return []string{
		"5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "retriable-4xx", "refused-stream",
		"retriable-status-codes", "retriable-headers", "envoy-ratelimited", "http3-post-connect-failure",
		"cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable",
	}
}
