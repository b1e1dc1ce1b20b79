package coinloom;

import java.io.IOException;
import org.apache.hadoop.fs.FileUtil;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;

/** The files of this machine as Hadoop has them. Hadoop starts a process, `chmod`, for each file and each folder that it
 *  makes; this lets Java set the same permissions. See docs/decisions/0036-no-process-for-a-file.md. */
public class LocalFiles extends LocalFileSystem {
    public LocalFiles() {
        super(new WithoutProcesses());
    }

    public static class WithoutProcesses extends RawLocalFileSystem {
        @Override
        public void setPermission(Path path, FsPermission permission) throws IOException {
            FileUtil.setPermission(pathToFile(path), permission);
        }
    }
}
