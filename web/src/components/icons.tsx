import type { ReactNode } from 'react';

function Icon({ children, size = 18 }: { children: ReactNode; size?: number | undefined }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      {children}
    </svg>
  );
}

interface Size {
  size?: number;
}

export const SunIcon = ({ size }: Size) => (
  <Icon size={size}>
    <circle cx="12" cy="12" r="4" />
    <path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M18.4 5.6 17 7M7 17l-1.4 1.4" />
  </Icon>
);
export const MoonIcon = ({ size }: Size) => (
  <Icon size={size}>
    <path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z" />
  </Icon>
);
export const UploadIcon = ({ size }: Size) => (
  <Icon size={size}>
    <path d="M12 15V4m0 0L7.5 8.5M12 4l4.5 4.5M4 15v3a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-3" />
  </Icon>
);
export const ChevronIcon = ({ size }: Size) => (
  <Icon size={size}>
    <path d="m6 9 6 6 6-6" />
  </Icon>
);
export const ZoomInIcon = ({ size }: Size) => (
  <Icon size={size}>
    <circle cx="11" cy="11" r="6.5" />
    <path d="m20 20-4.3-4.3M8.5 11h5M11 8.5v5" />
  </Icon>
);
export const ZoomOutIcon = ({ size }: Size) => (
  <Icon size={size}>
    <circle cx="11" cy="11" r="6.5" />
    <path d="m20 20-4.3-4.3M8.5 11h5" />
  </Icon>
);
export const ArrowIcon = ({ size, left = false }: Size & { left?: boolean }) => (
  <Icon size={size}>{left ? <path d="m14 6-6 6 6 6" /> : <path d="m10 6 6 6-6 6" />}</Icon>
);
export const DownloadIcon = ({ size }: Size) => (
  <Icon size={size}>
    <path d="M12 4v11m0 0 4.5-4.5M12 15l-4.5-4.5M4 16v2a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-2" />
  </Icon>
);
export const AlertIcon = ({ size }: Size) => (
  <Icon size={size}>
    <path d="M12 8v5m0 3.2v.1M10.3 4.2 2.9 17a2 2 0 0 0 1.7 3h14.8a2 2 0 0 0 1.7-3L13.7 4.2a2 2 0 0 0-3.4 0Z" />
  </Icon>
);
export const CheckIcon = ({ size }: Size) => (
  <Icon size={size}>
    <path d="m5 12.5 4.5 4.5L19 7.5" />
  </Icon>
);
export const MenuIcon = ({ size }: Size) => (
  <Icon size={size}>
    <path d="M4 7h16M4 12h16M4 17h16" />
  </Icon>
);
export const SearchIcon = ({ size }: Size) => (
  <Icon size={size}>
    <circle cx="11" cy="11" r="6.5" />
    <path d="m20 20-4.3-4.3" />
  </Icon>
);
export const CloseIcon = ({ size }: Size) => (
  <Icon size={size}>
    <path d="m6 6 12 12M18 6 6 18" />
  </Icon>
);
export const PencilIcon = ({ size }: Size) => (
  <Icon size={size}>
    <path d="m5 19 1-4L16.5 4.5a2.1 2.1 0 0 1 3 3L9 18l-4 1Z" />
  </Icon>
);
export const TrashIcon = ({ size }: Size) => (
  <Icon size={size}>
    <path d="M4.5 7h15M9.5 7V4.5h5V7m-8 0 .8 12a1.5 1.5 0 0 0 1.5 1.5h6.4a1.5 1.5 0 0 0 1.5-1.5l.8-12M10 11v5.5M14 11v5.5" />
  </Icon>
);
export const Logo = () => (
  <svg aria-hidden="true" width="28" height="28" viewBox="0 0 32 32">
    <rect width="32" height="32" rx="8" fill="#2f54c9" />
    <path d="M5 19h5l3-3 3 3h2l3-11 3 11h3" fill="none" stroke="#fff" strokeWidth="2.4" strokeLinejoin="round" strokeLinecap="round" />
    <circle cx="21" cy="8" r="2.6" fill="#ffb454" />
  </svg>
);
