package coinloom;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import javax.security.sasl.AuthenticationException;
import org.apache.hive.service.auth.PasswdAuthenticationProvider;

/** Lets in who knows SPARK_THRIFT_USER and SPARK_THRIFT_PASSWORD, as this process finds them in its environment. */
public class ThriftServerLogin implements PasswdAuthenticationProvider {
    @Override
    public void Authenticate(String user, String password) throws AuthenticationException {
        if (!is("SPARK_THRIFT_USER", user) || !is("SPARK_THRIFT_PASSWORD", password)) {
            throw new AuthenticationException("another user or password");
        }
    }

    /** It takes as long, however much of it is right. */
    private static boolean is(String variable, String given) {
        String wanted = System.getenv(variable);
        return wanted != null && !wanted.isEmpty()
            && MessageDigest.isEqual(given.getBytes(StandardCharsets.UTF_8), wanted.getBytes(StandardCharsets.UTF_8));
    }
}
