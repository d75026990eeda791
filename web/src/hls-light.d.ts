// hls.js ships types for its full build only; the light build is a subset of it.
declare module 'hls.js/light' {
  import Hls from 'hls.js';
  export default Hls;
  export * from 'hls.js';
}
