# Schemathesis reports every GraphQL error as a failure; here only INTERNAL and unknown codes are.
import schemathesis


@schemathesis.check
def graphql_faults(ctx, response, case):
    assert response.status_code < 500, f"answered {response.status_code}"
    for error in response.json().get("errors", []):
        code = error.get("extensions", {}).get("code")
        assert code not in (None, "INTERNAL"), f"an error without a Holdfast code:  {error}"
