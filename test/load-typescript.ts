import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

// Jest imports its global set-up without its transforms, and Node itself strips types but knows neither decorators nor
// constructor properties. With this module loaded first, Node reads the sources as the build would.
const root = fileURLToPath(new URL('..', import.meta.url));
const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (file) => readFileSync(file, 'utf8'));
const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
const compilerOptions = { ...options, module: ts.ModuleKind.ESNext, sourceMap: false, inlineSourceMap: true };

// Tests start many processes, and each would spend seconds on compiling what the one before it compiled.
const cache = join(root, 'node_modules', '.cache', 'millrace-test');
const version = JSON.stringify([ts.version, compilerOptions]);
mkdirSync(cache, { recursive: true });

function compile(file: string): string {
  const text = readFileSync(file, 'utf8');
  const key = createHash('sha256').update(`${version}\n${file}\n${text}`).digest('hex');
  const cached = join(cache, `${key}.js`);
  if (existsSync(cached)) return readFileSync(cached, 'utf8');
  const { outputText } = ts.transpileModule(text, { compilerOptions, fileName: file });
  writeFileSync(`${cached}.${process.pid}`, outputText);
  renameSync(`${cached}.${process.pid}`, cached);
  return outputText;
}

registerHooks({
  resolve(specifier, context, next) {
    const isOwn = specifier.startsWith('.') && context.parentURL?.endsWith('.ts');
    const source = isOwn ? new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL) : null;
    return source && existsSync(source) ? next(source.href, context) : next(specifier, context);
  },
  load(url, context, next) {
    if (!url.endsWith('.ts') || url.includes('/node_modules/')) return next(url, context);
    return { format: 'module', source: compile(fileURLToPath(url)), shortCircuit: true };
  },
});
