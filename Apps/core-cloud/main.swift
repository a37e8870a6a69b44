import CoreCloud
import Glibc

exit(await CoreCloudProgram.main(arguments: CommandLine.arguments))
